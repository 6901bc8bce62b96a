"""The one grade table."""


def test_grades_are_public(api):
    items = api.get("/pay/grades").json()["items"]
    assert [(row["grade"], row["from_points"], row["limit_won"], row["earn_per_mille"]) for row in items] == [
        ("bronze", 0, 100_000, 2), ("silver", 20, 150_000, 6), ("gold", 40, 200_000, 10),
        ("platinum", 60, 250_000, 15), ("diamond", 90, 300_000, 20)]
