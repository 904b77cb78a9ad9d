"""Metrics in the format of Prometheus, parsed by its own library."""

from prometheus_client.parser import text_string_to_metric_families

from lrcn_seq.serving.service_metrics import Metrics


def samples(metrics):
    """Return the values of all samples by name and labels."""
    text = metrics.page()[0].decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_batches_and_the_queue_are_counted():
    """Requests are counted by route and status, batches by size, and the queue as it is now."""
    waiting = [3]
    metrics = Metrics(waiting=lambda: waiting[0], admitted=lambda: 5, ready=lambda: True)
    for status, seconds in ((200, 0.02), (200, 0.3), (503, 0.001)):
        metrics.observe_request("/v1/predict", status, seconds)
    metrics.observe_batch(3, 0.2)
    found = samples(metrics)
    assert found["lrcn_requests_total", "/v1/predict", "200"] == 2
    assert found["lrcn_requests_total", "/v1/predict", "503"] == 1
    assert found["lrcn_request_seconds_bucket", "0.025", "/v1/predict"] == 2
    assert found["lrcn_request_seconds_count", "/v1/predict"] == 3
    assert (found["lrcn_batch_size_bucket", "2.0"], found["lrcn_batch_size_bucket", "4.0"]) == (
        0,
        1,
    )
    assert found["lrcn_batch_seconds_count",] == 1
    assert (found["lrcn_queue_inputs",], found["lrcn_admitted_inputs",]) == (3, 5)
    assert found["lrcn_ready",] == 1
    waiting[0] = 0
    assert samples(metrics)["lrcn_queue_inputs",] == 0


def test_servers_of_one_process_count_apart():
    """Two servers do not share their metrics."""
    one, other = (Metrics(waiting=int, admitted=int, ready=int) for _ in range(2))
    one.observe_batch(1, 0.1)
    assert samples(one)["lrcn_batch_seconds_count",] == 1
    assert samples(other)["lrcn_batch_seconds_count",] == 0
