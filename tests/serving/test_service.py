"""The service: batches of fixed sizes for all tasks, without later compilation."""

import pytest

from lrcn_seq.serving.service import ServiceLimits
from tests.serving.conftest import png
from tests.serving.loopback import local_server


def test_batches_are_at_most_those_of_the_task(caption_server, activity_run):
    """The limit on batches is the smaller of `--max-batch` and that of the task."""
    service, _ = caption_server
    assert service.batch_limit == 4
    assert service.batcher.places == 8 + 4
    assert service.task.predict_batch_size > 4


def test_limits_reach_the_reader_of_media(caption_server):
    """Pixels and seconds are limited where files are read."""
    service, _ = caption_server
    assert (service.task.media.pixels_limit, service.task.media.seconds_limit) == (1 << 20, 300)


def test_no_request_compiles_after_the_warm_up(caption_server):
    """After the warm-up, batches of 1 to 4 images trace no function of TensorFlow."""
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("only TensorFlow counts traces")
    service, client = caption_server
    model = service.task.cached_model("caption_search", None, key=service.task.settings.search)
    count = model.predict_function.experimental_get_tracing_count()
    assert count
    for size in (1, 2, 3, 4):
        files = [("file", png(number)) for number in range(size)]
        assert client.post("/v1/predict", files=files).status_code == 200
    assert model.predict_function.experimental_get_tracing_count() == count


def test_a_failed_warm_up_is_logged_and_the_server_stays_unready(smoke_run, caplog):
    """If the warm-up fails, `/ready` stays 503 and the reason is logged."""

    def fail(service):
        service._compile = lambda: 1 / 0

    server = local_server(smoke_run, ServiceLimits(max_batch=1), change=fail, wait=False)
    with server as (service, client):
        answer = client.get("/ready")
        assert answer.status_code == 503
    assert not service.is_ready
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "warm-up failed"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["activity_run", "description_run"])
def test_clips_are_predicted_as_by_the_task(request, name, clip):
    """The answer for a clip is the prediction of the task, also with options for clips."""
    with local_server(request.getfixturevalue(name), ServiceLimits(max_batch=2)) as (
        service,
        client,
    ):
        options = (
            {"per_frame": True} if "per_frame" in service.task.request_options else {"window": 1}
        )
        for chosen in ({}, options):
            query = "&".join(f"{key}={value}" for key, value in chosen.items())
            row = client.post(f"/v1/predict?{query}", files={"file": clip.read_bytes()}).json()
            expected = service.worker.submit(service.task.predict, [str(clip)], **chosen).result()
            assert rounded(row["results"][0], "upload") == rounded(expected[0].row(), "upload")


def rounded(value, file):
    """Return a JSON value with numbers of four decimals and another file name."""
    if isinstance(value, dict):
        return {k: file if k == "file" else rounded(v, file) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(item, file) for item in value]
    return round(value, 4) if isinstance(value, float) else value
