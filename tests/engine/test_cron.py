"""Cron: when an expression is due next, in every dialect, across changes of the clocks, and why one is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.engine.cron import next_time, parse_cron
from podium.errors import Invalid

NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clocks move by half an hour
APIA = ZoneInfo("Pacific/Apia")  # it left out 30 December 2011
ZONES = (UTC, NEW_YORK, LORD_HOWE, APIA, ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Kolkata"), timezone(timedelta(hours=-3, minutes=-30)))


def ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def following(expression: str, after: str, count: int = 1, zone: ZoneInfo | timezone = UTC) -> list[str]:
    """The next instants, as the zone's clocks show them."""
    found, at = list[str](), ms(after)
    for _ in range(count):
        instant = next_time(parse_cron(expression), zone, at)
        if instant is None:
            break
        found.append(datetime.fromtimestamp(instant / 1000, zone).isoformat())
        at = instant
    return found


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("* * * * * *", ["2030-01-01T00:00:01", "2030-01-01T00:00:02"]),
        ("*/20 * * * * *", ["2030-01-01T00:00:20", "2030-01-01T00:00:40"]),
        ("10/20 * * * * *", ["2030-01-01T00:00:10", "2030-01-01T00:00:30"]),
        ("0 10-30/10 9 * * *", ["2030-01-01T09:10:00", "2030-01-01T09:20:00", "2030-01-01T09:30:00", "2030-01-02T09:10:00"]),
        ("0 0 9-17 * * MON-FRI", ["2030-01-01T09:00:00", "2030-01-01T10:00:00"]),
        ("0 0 0 1 JAN,jul ?", ["2030-07-01T00:00:00", "2031-01-01T00:00:00"]),
        ("0 0 0 L * ?", ["2030-01-31T00:00:00", "2030-02-28T00:00:00"]),
        ("0 0 0 L-3 * ?", ["2030-01-28T00:00:00", "2030-02-25T00:00:00"]),
        ("0 0 0 LW * ?", ["2030-01-31T00:00:00", "2030-02-28T00:00:00", "2030-03-29T00:00:00"]),
        ("0 0 0 15W * ?", ["2030-01-15T00:00:00", "2030-02-15T00:00:00", "2030-03-15T00:00:00", "2030-04-15T00:00:00"]),
        ("0 0 0 1W 6 ?", ["2030-06-03T00:00:00"]),  # the 1st is a Saturday
        ("0 0 0 15W 6 ?", ["2030-06-14T00:00:00"]),  # a Saturday
        ("0 0 0 16W 6 ?", ["2030-06-17T00:00:00"]),  # a Sunday
        ("0 0 0 31W 3,5 ?", ["2030-05-31T00:00:00"]),  # 31 March is a Sunday, and its Monday another month's
        ("0 0 0 1,15,L 2 ?", ["2030-02-01T00:00:00", "2030-02-15T00:00:00", "2030-02-28T00:00:00"]),
        ("0 0 0 ? * 5L", ["2030-01-25T00:00:00", "2030-02-22T00:00:00"]),
        ("0 0 0 ? * FRIL", ["2030-01-25T00:00:00"]),
        ("0 0 0 ? * SUN#2", ["2030-01-13T00:00:00", "2030-02-10T00:00:00"]),
        ("0 0 0 ? * 2#5", ["2030-01-29T00:00:00", "2030-04-30T00:00:00"]),
        ("0 0 0 * * 0", ["2030-01-06T00:00:00"]),
        ("0 0 0 * * 7", ["2030-01-06T00:00:00"]),
        ("0 0 0 * * 1", ["2030-01-07T00:00:00"]),
        ("0 0 0 * * 7-2", ["2030-01-06T00:00:00", "2030-01-07T00:00:00", "2030-01-08T00:00:00", "2030-01-13T00:00:00"]),
        ("0 0 0 * * SAT-SUN", ["2030-01-05T00:00:00", "2030-01-06T00:00:00"]),
        ("0 0 0 13 * FRI", ["2030-09-13T00:00:00", "2030-12-13T00:00:00"]),  # both day fields must match
        ("0 0 0 29 2 ?", ["2032-02-29T00:00:00", "2036-02-29T00:00:00"]),
        ("0 0 0 29 2 MON", ["2044-02-29T00:00:00", "2072-02-29T00:00:00"]),
        ("0 0 0 30 2 ?", []),
        ("@hourly", ["2030-01-01T01:00:00"]),
        ("@Daily", ["2030-01-02T00:00:00"]),
        ("@midnight", ["2030-01-02T00:00:00"]),
        ("@weekly", ["2030-01-06T00:00:00"]),
        ("@monthly", ["2030-02-01T00:00:00"]),
        ("@yearly", ["2031-01-01T00:00:00"]),
        ("@annually", ["2031-01-01T00:00:00"]),
        ("30 6 * * *", ["2030-01-01T06:30:00", "2030-01-02T06:30:00"]),  # five fields: without the second
        ("0 0 12 ? * MON *", ["2030-01-07T12:00:00"]),  # seven: with any year
        ("  0   0 12 * * *  ", ["2030-01-01T12:00:00"]),
    ],
)
def test_the_next_times_of(expression: str, times: list[str]) -> None:
    found = following(expression, "2030-01-01T00:00:00+00:00", max(1, len(times)))
    assert found == [f"{time}+00:00" for time in times]


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("", "found 0 fields"),
        ("bad", "found 1 fields"),
        ("* * * *", "found 4 fields"),
        (f"{'1,' * 600}1 * * * * *", "at most 1000 characters"),
        ("* * * * * * * *", "found 8 fields"),
        ("@never", "@yearly"),
        ("60 * * * * *", "second, character 1: expected 0 to 59, found '60'"),
        ("0 0 24 * * *", "hour, character 5: expected 0 to 23, found '24'"),
        ("0 24 * * *", "hour, character 3: expected 0 to 23, found '24'"),
        ("0 0 0 32 * *", "day of month, character 7"),
        ("0 0 0 0 * *", "day of month, character 7"),
        ("0 0 0 1,2,40 * *", "day of month, character 11: expected 1 to 31, found '40'"),
        ("0 0 0 * 13 *", "month, character 9: expected 1 to 12 or JAN to DEC, found '13'"),
        ("0 0 0 * * 8", "day of week, character 11: expected 0 to 7 or MON to SUN"),
        ("0 0 0 * * MONDAY", "day of week"),
        ("0 0 0 10-5 * *", "a range from a smaller to a larger value"),
        ("0/0 * * * * *", "a step of 1 or more"),
        ("*/x * * * * *", "a step of 1 or more"),
        ("? * * * * *", "second"),
        ("0 0 0 L-31 * *", "L-1 to L-30"),
        ("0 0 0 L5 * *", "L, LW"),
        ("0 0 0 W * *", "day of month"),
        ("0 0 0 ? * L", "day of week"),
        ("0 0 0 ? * MON#6", "a place from 1 to 5"),
        ("0 0 0 ? * MON#", "a place from 1 to 5"),
        ("1,,2 * * * * *", "second, character 3"),
        ("-1 * * * * *", "second, character 1"),
        ("٣ * * * * *", "second, character 1"),
        ("0 0 0 1 1 ? 2040", "year, character 13: expected *, found '2040'"),
    ],
)
def test_a_bad_expression_is_refused_with_its_place(expression: str, place: str) -> None:
    with pytest.raises(Invalid, match="Invalid cron expression") as refusal:
        parse_cron(expression)
    assert place in refusal.value.message


def test_a_time_that_does_not_exist_is_left_out() -> None:
    assert following("0 30 2 * * *", "2026-03-07T12:00:00-05:00", 2, NEW_YORK) == ["2026-03-09T02:30:00-04:00", "2026-03-10T02:30:00-04:00"]
    assert following("0 */30 * * * *", "2026-03-08T01:15:00-05:00", 3, NEW_YORK) == [
        "2026-03-08T01:30:00-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-08T03:30:00-04:00",
    ]
    assert following("0 0 12 30 12 ?", "2011-12-01T00:00:00+00:00", 1, APIA) == ["2012-12-30T12:00:00+14:00"]


def test_a_time_that_exists_twice_counts_once_the_first_time() -> None:
    assert following("0 30 1 * * *", "2026-10-31T12:00:00-04:00", 2, NEW_YORK) == ["2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"]
    assert following("0 */30 * * * *", "2026-11-01T01:10:00-04:00", 2, NEW_YORK) == [
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T02:00:00-05:00",
    ]
    assert following("0 */30 * * * *", "2026-11-01T01:10:00-05:00", 1, NEW_YORK) == ["2026-11-01T02:00:00-05:00"]


def test_a_change_of_half_an_hour_is_no_different() -> None:
    assert following("0 15 2 * * *", "2026-10-03T12:00:00+10:30", 1, LORD_HOWE) == ["2026-10-05T02:15:00+11:00"]
    assert following("0 45 1 * * *", "2026-04-04T12:00:00+11:00", 2, LORD_HOWE) == [
        "2026-04-05T01:45:00+11:00",
        "2026-04-06T01:45:00+10:30",
    ]


@pytest.mark.parametrize(("after", "wanted"), [(-5_000, 0), (0, 1_000), (999, 1_000), (1_000, 2_000), (10**15, None), (2**62, None)])
def test_any_time_may_be_asked(after: int, wanted: int | None) -> None:
    found = next_time(parse_cron("* * * * * *"), UTC, after)
    assert found == (wanted if wanted != 0 else 1_000)


# Properties


def number(least: int, most: int) -> st.SearchStrategy[str]:
    return st.integers(least, most).map(str)


def ranged(least: int, most: int) -> st.SearchStrategy[str]:
    pairs = st.tuples(st.integers(least, most), st.integers(least, most)).map(sorted)
    return pairs.map(lambda pair: f"{pair[0]}-{pair[1]}")


def field(least: int, most: int) -> st.SearchStrategy[str]:
    """Everything that a field may hold but for what is special to days."""
    plain = st.one_of(number(least, most), ranged(least, most))
    step = st.tuples(st.one_of(st.just("*"), plain), number(1, most)).map("/".join)
    return st.one_of(st.just("*"), st.lists(st.one_of(plain, step), min_size=1, max_size=3).map(",".join))


EXPRESSIONS = st.tuples(field(0, 59), field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6)).map(" ".join)


def numbers(text: str, least: int, most: int) -> set[int]:
    """What a field of EXPRESSIONS stands for, said in another way than by the product."""
    found = set[int]()
    for part in text.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.replace("*", f"{least}-{most}").partition("-")
        end = int(high) if high else most if step else int(low)
        found |= {value for value in range(least, most + 1) if int(low) <= value <= end and (value - int(low)) % int(step or 1) == 0}
    return found


def matches(expression: str, wall: datetime) -> bool:
    second, minute, hour, day, month, weekday = expression.split()
    days = {value % 7 for value in numbers(weekday.replace("*/", "1-7/"), 0, 7)}
    return (
        wall.second in numbers(second, 0, 59)
        and wall.minute in numbers(minute, 0, 59)
        and wall.hour in numbers(hour, 0, 23)
        and wall.day in numbers(day, 1, 31)
        and wall.month in numbers(month, 1, 12)
        and wall.isoweekday() % 7 in days
    )


CYCLE_START, CYCLE_DAYS = datetime(2000, 1, 1, tzinfo=UTC), 28 * 366  # then dates and weekdays are the same again
MOMENTS = st.integers(ms("2005-01-01T00:00:00+00:00"), ms("2035-01-01T00:00:00+00:00"))
CHANGES = st.sampled_from([ms("2026-11-01T05:00:00+00:00"), ms("2026-03-08T06:00:00+00:00"), ms("2026-04-04T14:00:00+00:00")])
NEAR_CHANGES = st.tuples(CHANGES, st.integers(-7_200_000, 7_200_000)).map(sum)


@given(EXPRESSIONS, st.sampled_from(ZONES), st.one_of(MOMENTS, NEAR_CHANGES))
@settings(max_examples=150, deadline=None)
def test_the_next_time_is_later_and_matches_and_none_before_it_does(expression: str, zone: ZoneInfo | timezone, after: int) -> None:
    found = next_time(parse_cron(expression), zone, after)
    if found is None:
        dates = f"0 0 0 {expression.split(maxsplit=3)[3]}"
        assert not any(matches(dates, CYCLE_START + timedelta(days=day)) for day in range(CYCLE_DAYS))
        return
    assert found > after
    wall = datetime.fromtimestamp(found / 1000, zone)
    assert matches(expression, wall)
    assert wall.fold == 0
    between = range(after - after % 1000 + 1000, found, 1000)
    for at in between[:: max(1, len(between) // 60)]:
        passed = datetime.fromtimestamp(at / 1000, zone)
        assert passed.fold or not matches(expression, passed)


@given(st.text(alphabet="0123456789*/-,?LW# MONJAN@", max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        cron = parse_cron(text)
    except Invalid:
        return
    next_time(cron, UTC, 0)
