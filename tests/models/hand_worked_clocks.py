"""Tickets whose due times and minutes were worked out by hand, with the arithmetic in words.

Working hours: Monday to Friday 09:00-12:00 and 13:00-18:00, eight hours a day; a make-up working day has the same.
Night desk: every day 22:00 to 06:00 of the next day. 2024-04-04 (Thursday) to 2024-04-06 is a holiday in China, Sunday
2024-04-07 is worked for it. All clocks below allow four hours (240 minutes), unless a case says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A ticket and what its clock must say.

    Attributes:
        zone: the business's time zone.
        region: main has office hours, night the night desk.
        done: when it was settled; None: it is open, and the as-of day 2024-12-31 ends.
        pauses: spans as `from/until`.
        minutes: taken on the clock.
        words: the arithmetic.
    """

    name: str
    received: str
    done: str | None
    due: str | None
    minutes: int
    status: str
    words: str
    clock: str = "business"
    zone: str = "Asia/Shanghai"
    region: str = "main"
    pauses: tuple[str, ...] = ()
    reopened: str | None = None


CASES = [
    Case("within_a_morning", "2024-05-14 09:30:00", "2024-05-14 11:00:00", "2024-05-14 14:30:00", 90, "met",
         "9:30 to 11:00 is 90. Due: 150 to noon, 90 more from 13:00: 14:30."),
    Case("over_lunch", "2024-05-14 11:30:00", "2024-05-14 13:30:00", "2024-05-14 16:30:00", 60, "met",
         "30 before lunch, 30 after. Due: 30 to noon, 210 from 13:00: 16:30."),
    Case("across_a_night", "2024-05-14 16:00:00", "2024-05-15 10:00:00", "2024-05-15 11:00:00", 180, "met",
         "120 to 18:00, 60 from 9:00. Due: 120 left the next morning: 11:00."),
    Case("due_as_the_day_closes", "2024-05-14 14:00:00", "2024-05-14 18:00:00", "2024-05-14 18:00:00", 240, "met",
         "14:00 to 18:00 is 240: due at closing, not when the next day opens; done then is in time."),
    Case("a_second_after_closing", "2024-05-14 14:00:00", "2024-05-14 18:00:01", "2024-05-14 18:00:00", 240, "met",
         "After closing the clock stands still: still 240."),
    Case("a_minute_into_the_next_day", "2024-05-14 14:00:00", "2024-05-15 09:01:00", "2024-05-14 18:00:00", 241,
         "breached", "240 to closing and one minute of the next day."),
    Case("due_as_lunch_begins", "2024-05-14 16:00:00", "2024-05-15 13:00:30", "2024-05-15 11:00:00", 300,
         "breached", "120 to closing, 180 in the morning, half a minute after lunch is cut off."),
    Case("received_before_opening", "2024-05-14 07:15:00", "2024-05-14 09:10:00", "2024-05-14 14:00:00", 10, "met",
         "The clock starts at 9:00: 10 minutes. Due: 180 to noon, 60 from 13:00."),
    Case("received_after_closing", "2024-05-14 20:00:00", "2024-05-15 09:10:00", "2024-05-15 14:00:00", 10, "met",
         "As before, on the next day."),
    Case("received_at_closing", "2024-05-14 18:00:00", "2024-05-15 14:00:00", "2024-05-15 14:00:00", 240, "met",
         "Nothing on the first day; 180 and 60 on the next: due and done at 14:00."),
    Case("across_a_weekend", "2024-05-17 17:00:00", "2024-05-20 10:00:00", "2024-05-20 12:00:00", 120, "met",
         "60 on Friday, 60 on Monday. Due: 180 on Monday morning are up at noon, as lunch begins: 12:00."),
    Case("received_on_a_saturday", "2024-05-18 12:00:00", "2024-05-20 14:30:00", "2024-05-20 14:00:00", 270,
         "breached", "Monday 180 and 90: 270 of 240."),
    Case("settled_on_a_sunday", "2024-05-17 15:00:00", "2024-05-19 23:00:00", "2024-05-20 10:00:00", 180, "met",
         "Friday 15:00 to 18:00, then nothing. Due: 60 left on Monday: 10:00."),
    Case("across_a_holiday_to_a_make_up_sunday", "2024-04-03 17:00:00", "2024-04-07 11:30:00", "2024-04-07 12:00:00",
         210, "met", "60 on Wednesday; Thursday to Saturday free; Sunday worked: 150. Due: 180 on Sunday: 12:00."),
    Case("received_on_a_holiday", "2024-04-05 10:00:00", "2024-04-08 10:00:00", "2024-04-07 14:00:00", 540,
         "breached", "480 on the make-up Sunday and 60 on Monday. Due: Sunday 180 and 60: 14:00."),
    Case("paused_overnight", "2024-05-14 16:00:00", "2024-05-15 15:00:00", "2024-05-15 15:00:00", 240, "met",
         "120 to closing; of the next day 9:00 to 12:00 is paused; 13:00 to 15:00 is 120. Due is put off by the 180 "
         "paused working minutes: from 11:00 to 15:00 (12:00 plus 120 behind lunch).",
         pauses=("2024-05-14 18:30:00/2024-05-15 12:30:00",)),
    Case("paused_twice", "2024-05-14 09:00:00", "2024-05-14 16:00:00", "2024-05-14 16:00:00", 240, "met",
         "360 minutes of work, less 60 (10:00 to 11:00) and 60 (14:00 to 15:00). Due without pauses 14:00; the first "
         "puts it off to 15:00, so the second counts too: 16:00.",
         pauses=("2024-05-14 10:00:00/2024-05-14 11:00:00", "2024-05-14 14:00:00/2024-05-14 15:00:00")),
    Case("paused_after_its_due_time", "2024-05-14 09:00:00", "2024-05-14 18:00:00", "2024-05-14 14:00:00", 300,
         "breached", "480 less the 180 paused from 14:30 to 17:30: 300. The pause began after the due time, and "
         "does not move it.",
         pauses=("2024-05-14 14:30:00/2024-05-14 17:30:00",)),
    Case("paused_and_never_resumed", "2024-12-31 09:00:00", None, None, 120, "paused",
         "120 to 11:00, paused since: no due time while the pause lasts.", pauses=("2024-12-31 11:00:00/",)),
    Case("reopened_the_next_day", "2024-12-30 15:00:00", "2024-12-30 16:00:00", "2024-12-31 10:00:00", 660, "overdue",
         "Settled after 60, reopened on the 31st: the clock runs on: 180 on the 30th, 480 on the 31st.",
         reopened="2024-12-31 09:00:00"),
    Case("open_on_the_last_day", "2024-12-31 16:00:00", None, "2025-01-02 11:00:00", 120, "running",
         "120 to closing. New Year's Day is free: 120 left on the 2nd: 11:00."),
    Case("night_desk_across_midnight", "2024-05-14 23:00:00", "2024-05-15 02:30:00", "2024-05-15 03:00:00", 210,
         "met", "23:00 to 2:30 without a break. Due: four hours on: 3:00.", region="night"),
    Case("night_desk_waits_for_the_evening", "2024-05-15 05:00:00", "2024-05-15 23:00:00", "2024-05-16 01:00:00", 120,
         "met", "60 to 6:00, 60 from 22:00. Due: 180 from 22:00: 1:00.", region="night"),
    Case("calendar_over_a_weekend", "2024-05-17 23:00:00", "2024-05-18 03:00:00", "2024-05-18 03:00:00", 240, "met",
         "All time counts.", clock="calendar"),
    Case("calendar_paused", "2024-05-17 23:00:00", "2024-05-18 05:00:00", "2024-05-18 05:00:00", 240, "met",
         "360 less the 120 paused; due put off by as much.", clock="calendar",
         pauses=("2024-05-18 01:00:00/2024-05-18 03:00:00",)),
    Case("clocks_put_forward", "2024-03-31 01:00:00", "2024-03-31 05:00:00", "2024-03-31 06:00:00", 180, "met",
         "Berlin: 2:00 is 3:00, so four hours by the clock are three; four hours on it is 6:00.", clock="calendar",
         zone="Europe/Berlin"),
    Case("clocks_put_back", "2024-10-27 01:00:00", "2024-10-27 05:00:00", "2024-10-27 04:00:00", 300,
         "breached", "Berlin: 2:00 to 3:00 comes twice: five hours. Four hours on it is 4:00.", clock="calendar",
         zone="Europe/Berlin"),
    Case("an_hour_that_comes_twice_is_the_second_one", "2024-10-27 01:30:00", "2024-10-27 02:30:00",
         "2024-10-27 04:30:00", 120, "met", "2:30 is read as its second passage: two hours after 1:30.",
         clock="calendar", zone="Europe/Berlin"),
    Case("night_shift_put_forward", "2024-03-30 23:00:00", "2024-03-31 05:00:00", "2024-03-31 04:00:00", 300,
         "breached", "Berlin: 23:00 to 5:00 is five hours that night. Four hours on it is 4:00.",
         region="night", zone="Europe/Berlin"),
    Case("night_shift_put_back", "2024-10-26 23:00:00", "2024-10-27 01:45:00", "2024-10-27 02:00:00", 165, "met",
         "Berlin: 165 minutes before the clocks turn. Four hours on it is 2:00 for the second time.", region="night",
         zone="Europe/Berlin"),
]  # fmt: skip
