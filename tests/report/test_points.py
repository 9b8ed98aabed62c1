import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dfc.evaluation.evidence import Evidence
from dfc.report.charts import draw_svg
from dfc.report.points import (
    EXPERIMENT,
    OURS,
    PUBLISHED,
    collect_experiment_points,
    collect_points,
    find_best_within,
    find_pareto,
    find_published,
)
from dfc.report.rate_distortion import plot_results
from dfc.report.run import Run

POINTS = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.5, 1.0, 4.0]), st.integers(20, 35)),
    min_size=1,
    max_size=12,
).map(lambda rows: pd.DataFrame(rows, columns=["storage_mib", "psnr"]))


@given(POINTS)
def test_a_frontier_is_what_no_smaller_or_equal_lut_reaches(points: pd.DataFrame) -> None:
    frontier = find_pareto(points)
    assert frontier["storage_mib"].is_monotonic_increasing
    assert frontier["psnr"].is_monotonic_increasing and frontier["psnr"].is_unique
    for point in points.itertuples():
        beaten_by = frontier[
            (frontier["storage_mib"] <= point.storage_mib) & (frontier["psnr"] >= point.psnr)
        ]
        assert len(beaten_by), "every point is on the frontier or beaten by one that is"


@given(POINTS, st.sampled_from([0.05, 0.1, 0.3, 10.0]))
def test_the_best_within_a_budget_is_the_best_of_all_that_fit(
    points: pd.DataFrame, budget: float
) -> None:
    best = find_best_within(points, budget)
    fitting = points[points["storage_mib"] <= budget]
    if best is None:
        assert fitting.empty
    else:
        assert best["storage_mib"] <= budget
        assert best["psnr"] == fitting["psnr"].max()


def test_published_results_are_those_of_the_same_task_and_level() -> None:
    set5 = find_published("sr", 4, "Set5").set_index("method")
    assert set5.loc["MuLUT + DFC", ["storage_mib", "psnr"]].tolist() == [0.407, 30.55]
    assert find_published("sr", 2, "Set5").empty
    assert find_published("sr", 4, "sample").empty
    assert len(find_published("denoise", 25, "CBSD68")) == 5
    assert len(find_published("denoise", 25, "Kodak24")) == 4
    assert find_published("denoise", 20, "CBSD68").empty
    assert find_published("sr", 4, "B100").equals(find_published("sr", 4, "BSDS100"))
    assert len(find_published("sr", 4, "B100")) > 9, "BSDS100 by its other name"


def test_points_name_the_methods_of_the_run(evidence: Evidence) -> None:
    points = collect_points(evidence, "sample")
    assert points["label"].tolist() == ["bicubic", "lut", "dfc", "finetuned"]
    assert set(points["group"]) == {OURS}
    assert points["storage_mib"].isna().tolist() == [True, False, False, False]
    assert points["alt_text"][0].startswith("bicubic (measured here): 28.53 dB")
    assert PUBLISHED not in set(points["group"])


def test_experiments_of_the_same_task_are_points_without_labels(run: Run) -> None:
    points = collect_experiment_points(run.experiments, "sample")
    assert set(points["group"]) == {EXPERIMENT}
    assert points["psnr"].tolist() == [29.25, 29.5], "neither the workspace nor another task"
    assert points["alt_text"].tolist()[0] == "small-fish (xy): 29.25 dB, 0.125 MiB"


def test_a_result_that_the_workspace_has_too_is_no_point_of_its_own(run: Run) -> None:
    again = run.experiments.iloc[[0]].assign(name="main")
    experiments = pd.concat([run.experiments, again], ignore_index=True)
    assert len(collect_experiment_points(experiments, "sample")) == 2


def test_an_experiment_that_differs_in_its_result_alone_is_named_alone(run: Run) -> None:
    other = run.experiments.iloc[[0]].assign(**{"name": "main", "sample.finetuned.psnr": 28.0})
    experiments = pd.concat([run.experiments.iloc[[0]], other], ignore_index=True)
    assert collect_experiment_points(experiments, "sample")["alt_text"].tolist() == [
        "main: 28.00 dB, 0.400 MiB"
    ]


def test_without_experiments_the_methods_are_drawn(run: Run, evidence: Evidence) -> None:
    nobody = pd.DataFrame(columns=["name"])
    for experiments, set_name in ((nobody, "sample"), (run.experiments, "Set14")):
        assert collect_experiment_points(experiments, set_name).empty
    assert "finetuned" in draw_svg(
        plot_results(evidence, collect_points(evidence, "sample", nobody)), "key"
    )
    non_diagonal = run.experiments.drop(columns="sample.finetuned.psnr")
    assert "finetuned" in draw_svg(
        plot_results(evidence, collect_points(evidence, "sample", non_diagonal)), "key"
    )
