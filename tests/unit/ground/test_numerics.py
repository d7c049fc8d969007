"""Threads of products, draws at a time."""

from __future__ import annotations

import threading
from itertools import islice

import pytest
from threadpoolctl import threadpool_info

from clusterability import numerics
from clusterability.jobs.clustering_job import BYTES_OF_DRAW
from clusterability.numerics import Workers, in_threads, memory_of_machine, one_thread


def test_products_have_one_thread_within():
    with one_thread():
        assert {library["num_threads"] for library in threadpool_info()} == {1}


def test_the_first_to_come_sets_the_limit_and_the_last_to_leave_lifts_it(monkeypatch):
    told = []

    class Limits:
        def __init__(self, limits: int) -> None:
            told.append(limits)

        def restore_original_limits(self) -> None:
            told.append("lifted")

    monkeypatch.setattr(numerics, "threadpool_limits", Limits)
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_thread():
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with one_thread():
        thread.start()
        entered.wait(60)
        with one_thread():
            pass
    assert told == [1]
    leave.set()
    thread.join()
    assert told == [1, "lifted"]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_order_and_no_more_are_begun_than_are_taken(threads):
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        return -item

    assert list(in_threads(work, range(20), threads)) == [-item for item in range(20)]
    begun.clear()
    assert list(islice(in_threads(work, range(1000), threads), 3)) == [0, -1, -2]
    assert len(begun) <= 3 + 2 * threads


def test_an_error_is_the_callers():
    def work(item: int) -> int:
        if item == 3:
            raise ValueError("the fourth")
        return item

    with pytest.raises(ValueError, match="the fourth"):
        list(in_threads(work, range(10), 2))


def test_a_draw_is_always_made_however_large():
    workers = Workers(4, 1.0)
    assert workers.at_once(10**9) == 1
    assert workers.at_once(int(0.3e9 / BYTES_OF_DRAW)) == 3
    assert workers.at_once(10**6) == 4


def test_draws_of_small_matrices_do_not_hold_each_other_up():
    assert Workers(4, 1.0).at_once(128 * 128) == 1
    assert Workers(4, 1.0).at_once(128 * 784) == 4


def test_this_machine_has_memory():
    assert 1e8 < memory_of_machine() < 1e16
