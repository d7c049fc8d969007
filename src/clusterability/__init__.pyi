from clusterability.api import Partition as Partition
from clusterability.api import UserError as UserError
from clusterability.api import Weights as Weights
from clusterability.api import cluster as cluster
from clusterability.api import list_measures as list_measures
from clusterability.api import load as load
from clusterability.api import score as score
from clusterability.api import verdict as verdict
