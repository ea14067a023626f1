"""The catalogue of faults: a line each, with what has to come of it and the tests that play it."""

from __future__ import annotations

from typing import NamedTuple

from tests.faults import later_catalogue


class Fault(NamedTuple):
    """One fault: what happens, what has to come of it, and where it is played (`file.py::test`, from `tests/`)."""

    id: str
    fault: str
    outcome: str
    tests: tuple[str, ...]


# What several rows share: the table of the paid call (by the row's id), and what becomes of an unclear one.
MORE, MONEY, FULL = "faults/test_more_faults.py::", "faults/test_money_faults.py::", "faults/test_full_disk.py::"
ENDING, YES, KILL = "faults/test_ending.py::", "server/test_approval_lines.py::", "test_kill.py::"
LEDGER, LIST, SWEEP = "test_ledger.py::", "test_reconciling.py::", "faults/test_sweep.py::"
PAID = "faults/test_faults.py::test_a_fault_of_the_paid_call"
FOUND = LIST + "test_the_one_job_that_it_can_be_is_adopted_and_brought_home"
FREED = LIST + "test_what_the_list_does_not_have_is_given_back_after_the_settle_time_and_three_looks"
HUMAN = LIST + "test_where_the_vendor_has_no_list_nothing_is_looked_at"
ANSWER = "server/test_approval.py::test_only_a_plain_yes_buys"
NO_ARGUMENT = "faults/test_lines.py::test_no_argument_that_cannot_be_buys_anything"

# fmt: off
# S: the paid call, and the yes before it. "unknown" is: the money stays held, and nothing is ever sent again
SUBMITS: tuple[Fault, ...] = (
    Fault("S01", "port closed", "three tries, then failed, hold released; opened in time, one create",
          (MORE + "test_s01_a_closed_port_costs_nothing", MORE + "test_s01_a_port_that_opens_again_is_used_once")),
    Fault("S02", "the name resolves to nothing", "failed, `vendor_unavailable`, hold released",
          (MORE + "test_s02_a_name_that_does_not_exist_costs_nothing",)),
    Fault("S03", "certificate self-signed, of another name, expired", "never talked to: failed, hold released",
          (MORE + "test_s03_a_certificate_that_nobody_vouches_for_is_not_talked_to",
           MONEY + "test_s03_only_a_living_certificate_of_this_name_is_talked_to")),
    Fault("S04", "closed at accept", "unknown: nobody can tell it from S05", (PAID,)),
    Fault("S05", "request read, then closed, taken or not", "unknown; found in the vendor's list, and brought home", (PAID, FOUND)),
    Fault("S06", "reset after the create", "unknown; found as S05", (PAID, FOUND)),
    Fault("S07", "taken, and no answer ever", "the caller has its job id within 3 s; unknown at the deadline",
          (PAID, MONEY + "test_s07_a_vendor_that_hangs_keeps_no_caller_waiting")),
    Fault("S08", "half a body, then silence", "unknown at the whole call's deadline", (PAID,)),
    Fault("S09", "a byte at a time, for ever", "unknown at the whole call's deadline", (PAID,)),
    Fault("S10", "half a header line", "unknown; found as S05", (PAID, FOUND)),
    Fault("S11", "body shorter than its length, with an id in it", "unknown: the id is not believed", (PAID,)),
    Fault("S12", "200 with a login page", "unknown; nothing of the page is repeated",
          (PAID, MONEY + "test_s12_a_login_page_is_not_repeated")),
    Fault("S13", "200 or 204 without a body", "unknown", (PAID,)),
    Fault("S14", "200, the id missing, empty, null, a number, a list", "unknown; found as S05", (PAID, FOUND)),
    Fault("S15", "an id that climbs, asks, breaks a line, hides", "unknown, in no address, not kept; AI/ML's `:` and `/` are followed",
          (PAID, "faults/test_hostile_words.py::test_a_vendors_id_that_is_none_stays_its_own")),
    Fault("S16", "an error inside of a 200", "failed, hold released, where the vendor documents it; else unknown", (PAID,)),
    Fault("S17", "201, 202 with an id", "taken, as a 200", (PAID,)),
    Fault("S18", "400, 404, 405, 413, 415, 422", "failed, hold released; the vendor's words filtered, in their own field",
          (PAID, "faults/test_hostile_words.py::test_a_vendors_words_stand_in_their_own_field_only")),
    Fault("S19", "401, 403, the key repeated", "failed, `vendor_auth`, once; no spelling of the key anywhere",
          (PAID, "faults/test_canaries.py::test_no_key_is_seen_again")),
    Fault("S20", "402, AI/ML's 403 for no credit", "failed, `vendor_balance`, hold released", (PAID,)),
    Fault("S21", "429 with a wait, then 200", "one create, not before the wait is over; after three, failed for nothing",
          (MORE + "test_s21_a_vendor_that_asks_to_wait_is_waited_for_and_buys_once",
           MORE + "test_s21_a_vendor_that_never_takes_it_ends_it_for_nothing")),
    Fault("S22", "429 with a wait too long, negative, past, no number", "1 to 900 s, else our own; it can be called back meanwhile",
          (MORE + "test_s22_a_wait_without_end_is_cut_and_the_job_can_be_called_back",
           "test_answers.py::test_the_wait_that_a_header_asks_for_is_a_floor_within_bounds")),
    Fault("S23", "500, 503, taken all the same", "unknown; found as S05", (PAID, FOUND)),
    Fault("S24", "500 to 504, 529, not taken", "unknown; released after 10 min and three looks that agree, else a person",
          (PAID, FREED, HUMAN)),
    Fault("S25", "408, 409, 425", "unknown", (PAID,)),
    Fault("S26", "301 to 308, to itself, to a tripwire", "unknown; not followed, the tripwire hears nothing", (PAID,)),
    Fault("S27", "100, 102, 103 for ever", "unknown at the whole call's deadline", (PAID,)),
    Fault("S28", "two lengths, bad chunk, fat header, HTTP/0.9, bomb, no end", "unknown; memory grows by less than 64 MiB",
          (PAID, "faults/test_bounded.py::test_no_answer_of_a_vendor_fills_the_memory_or_stops_the_talk")),
    Fault("S29", "idle connections closed just before", "nothing unclear: each paid call has its own connection",
          (MORE + "test_s29_an_idle_connection_that_the_vendor_closed_makes_nothing_unclear",
           MORE + "test_s29_each_paid_call_has_a_connection_of_its_own")),
    Fault("S30", "two ids in one answer", "a job has one result: neither is taken, unknown, a person decides",
          (PAID, MORE + "test_s30_two_ids_in_one_answer_are_no_id")),
    Fault("S31", "one id for two calls", "the first keeps it, the second is unknown",
          (MORE + "test_s31_an_id_that_is_told_twice_belongs_to_the_first_job_and_the_second_is_unclear",)),
    Fault("S32", "shown in the list only after a while", "not called absent before; adopted when it shows",
          (LIST + "test_a_job_that_appears_late_breaks_the_agreement", FREED)),
    Fault("S33", "a list that omits, fails, pages on, shows others' jobs", "none of them adopted; unknown",
          (LIST + "test_a_list_that_lies_decides_nothing", LIST + "test_a_job_of_another_model_or_time_is_never_adopted",
           LIST + "test_a_job_that_is_another_of_ours_is_never_adopted")),
    Fault("S34", "two rows that it may be", "unknown; both named, a person says which",
          (LIST + "test_of_two_jobs_that_it_may_be_a_person_says_which",)),
    Fault("S35", "called off after 0 to 100 ms, when it has long been answered", "known and brought home, or never sent",
          (ENDING + "test_a_create_that_is_called_off_at_any_moment_leaves_a_known_job_or_none",)),
    Fault("S36", "EOF during the call", "8 s for the answer, else unknown; gone within 10.5 s",
          (ENDING + "test_a_hanging_paid_call_holds_nobody_up_for_more_than_ten_seconds",
           ENDING + "test_an_answer_that_comes_while_it_ends_is_written_down")),
    Fault("S37", "SIGTERM, SIGINT during the call", "as S36, the server and `watch`",
          (ENDING + "test_a_hanging_paid_call_holds_nobody_up_for_more_than_ten_seconds",
           KILL + "test_a_watch_that_is_asked_to_stop_waits_for_the_answer_to_its_paid_call")),
    Fault("S38", "SIGKILL at every moment of the call", "completed or unknown; never a second POST",
          (KILL + "test_killed_at_any_moment_of_the_paid_call", KILL + "test_killed_some_time_after_the_wish")),
    Fault("S39", "SIGSTOP past the lease, then SIGCONT", "the successor sends nothing; the sleeper's answer still counts",
          ("test_many_processes.py::test_a_process_that_slept_past_its_lease_writes_nothing_over_its_successor",)),
    Fault("S40", "SIGKILL at calls of the kernel, and by chance", "nothing bought twice, nothing lost, holds equal the open jobs",
          (SWEEP + "test_kills_at_calls_of_the_kernel_buy_nothing_twice_and_lose_nothing",
           SWEEP + "test_kills_by_chance_buy_nothing_twice_and_lose_nothing")),
    Fault("S41", "disk full before the intent", "refused, `storage_error`, 0 requests, nothing held; works once there is room",
          (FULL + "test_s41_a_disk_that_is_full_before_the_intent_refuses_and_nothing_is_sent",)),
    Fault("S42", "disk full after the POST", "told with its id, written down once there is room; after a kill: list or person",
          (FULL + "test_s42_an_answer_that_a_full_disk_does_not_take_is_told_and_written_down_later",
           FULL + "test_s42_after_a_kill_on_a_full_disk_the_vendors_list_has_the_job",
           FULL + "test_s42_without_a_list_it_is_unclear_and_held_and_the_log_names_the_way_out")),
    Fault("S43", "another process holds the lock", "refused before the POST; after it, tried until it is written down",
          (FULL + "test_s43_a_locked_store_refuses_and_nothing_is_sent", FULL + "test_s43_who_leaves_does_not_wait_for_who_writes",
           FULL + "test_s43_an_outcome_waits_for_a_locked_store_as_long_as_it_takes")),
    Fault("S44", "the same wish twice at once, or one JSON-RPC id twice", "one create, the others `deduplicated`",
          (MORE + "test_s44_the_same_wish_at_the_same_moment_is_one_purchase",
           "faults/test_lines.py::test_the_same_id_twice_in_flight_buys_one_video")),
    Fault("S45", "restarted or killed in flight, the wish comes again", "the same job, one create",
          (MORE + "test_s45_a_wish_that_comes_again_after_a_restart_is_the_same_job",
           SWEEP + "test_kills_by_chance_buy_nothing_twice_and_lose_nothing")),
    Fault("S46", "one request_id, other arguments", "refused, `request_id_conflict`, nothing sent",
          (MORE + "test_s46_a_request_id_with_other_arguments_buys_nothing",)),
    Fault("S47", "one yes a thousand times", "one create",
          (YES + "test_a_thousand_lines_with_one_yes_are_one_purchase_also_after_a_restart",
           YES + "test_a_form_that_is_answered_a_thousand_times_is_one_purchase")),
    Fault("S48", "price changed between question and yes", "asked again at the new price, nothing sent",
          ("server/test_approval_replays.py::test_a_yes_to_a_price_that_changed_buys_nothing",)),
    Fault("S49", "restarted between question and yes", "a protocol error (the state is not this process's), asked again, nothing sent",
          (MONEY + "test_s49_a_question_ends_with_the_process_that_asked",)),
    Fault("S50", "accepted with false, nothing, more fields, other types", "`declined`, nothing sent",
          (ANSWER, YES + "test_a_form_whose_answer_cannot_be_read_buys_nothing")),
    Fault("S51", "a client without forms, with errors, or silent", "`needs_confirmation` names `sora-mcp approve`; else `declined`",
          ("server/test_approval.py::test_a_client_without_forms_gets_a_quote_to_approve_elsewhere",
           "server/test_replies.py::test_a_needed_yes_names_the_quote_and_how_a_person_gives_it",
           "server/test_approval.py::test_a_client_that_answers_with_an_error_did_not_say_yes",
           "server/test_approval.py::test_silence_ends_with_the_quote")),
)

# C: budgets, prices, clocks
BUDGETS: tuple[Fault, ...] = (
    Fault("C01", "64 wishes at once, money for ten", "ten creates, 54 `over_budget`",
          ("test_money_race.py::test_one_process_buys_what_the_budget_pays_for",)),
    Fault("C02", "the same over four processes", "ten creates, on SQLite and PostgreSQL",
          ("test_money_race.py::test_four_processes_buy_together_what_the_budget_pays_for",)),
    Fault("C03", "exactly what is left, and a micro more", "taken; refused",
          (LEDGER + "test_a_day_takes_exactly_its_cap", LEDGER + "test_a_month_takes_exactly_its_cap")),
    Fault("C04", "ten times $0.10 in $1, 100 times $0.35 in $35", "all taken, the next micro refused",
          (LEDGER + "test_cents_add_up_to_exactly_the_cap",)),
    Fault("C05", "parts of a micro", "a hold is rounded up; a price in parts of a micro is none",
          ("test_rules.py::test_a_hold_is_never_below_the_price", "test_money.py::test_a_hold_is_rounded_up",
           "test_money.py::test_parts_of_a_micro_are_no_price", LEDGER + "test_a_settled_hold_is_spent_at_the_vendor")),
    Fault("C06", "a thousand cancelled, refused, unclear ends", "nothing is held for what has ended",
          (MONEY + "test_c06_a_thousand_ends_without_a_video_leave_nothing_held",
           "test_ledger_history.py::test_no_history_loses_money_on_sqlite")),
    Fault("C07", "NaN, inf, 1e400, 0, -4, 1e-9, text, true, huge as seconds; n, fps", "refused, 0 requests; n and fps are no arguments",
          (NO_ARGUMENT,)),
    Fault("C08", "a misspelt argument", "refused by its name, with the nearest one",
          ("server/test_arguments.py::test_a_misspelt_argument_is_named_with_the_nearest_one_and_mended", NO_ARGUMENT)),
    Fault("C09", "n of 1,000, 3,600 seconds, above the cap of one video", "refused, 0 requests",
          (NO_ARGUMENT, LEDGER + "test_one_video_may_not_cost_more_than_its_cap")),
    Fault("C10", "a model unknown, new, a homoglyph; another case, spaces", "refused; case and spaces mean the one model at its one price",
          (NO_ARGUMENT, "test_catalogue.py::test_a_full_id_is_one_offer_in_any_case")),
    Fault("C11", "no price, or none for this size", "refused, `price_unknown`, 0 requests",
          (MONEY + "test_c11_what_has_no_price_is_not_bought", MONEY + "test_c11_what_has_a_price_beside_it_is_bought",
           "test_rules.py::test_two_rows_of_one_rank_are_no_price")),
    Fault("C12", "a price file with 0, negative, NaN, text, a key twice; stale", "the start is refused by name; a stale price needs a yes",
          ("test_pricefile.py::test_a_row_that_is_no_price_is_named",
           "test_pricefile.py::test_nothing_costs_nothing_by_a_slip_but_it_may_be_said",
           "test_pricefile.py::test_an_empty_file_changes_no_price", "test_settings.py::test_a_bad_row_of_the_price_file_is_named",
           "server/test_approval.py::test_a_price_from_an_old_table_needs_a_yes_however_low")),
    Fault("C13", "a free model, no budget", "taken", (LEDGER + "test_a_free_video_passes_an_empty_budget",)),
    Fault("C14", "held before midnight, settled after", "counts once, in the day of the hold",
          (LEDGER + "test_money_stays_in_the_day_of_its_hold",)),
    Fault("C15", "days of 23 and 25 h, half an hour, a midnight that is none", "the day ends at local midnight",
          (LEDGER + "test_every_day_of_a_year_ends_when_the_next_one_begins",)),
    Fault("C16", "the last of a month of 28 to 31 days", "the month ends with it", (LEDGER + "test_a_month_ends_with_its_last_day",)),
    Fault("C17", "clock back 2 h, 40 days ahead, back again", "no refill",
          (LEDGER + "test_a_clock_that_steps_back_refills_nothing",
           LEDGER + "test_a_clock_that_runs_ahead_and_comes_back_stays_in_the_day_ahead")),
    Fault("C18", "another zone in the settings", "no refill before the moment that was promised",
          (LEDGER + "test_another_zone_refills_nothing_before_the_promised_moment",
           LEDGER + "test_a_zone_that_is_behind_reuses_no_earlier_day")),
    Fault("C19", "the vendor takes more", "counted, even above the cap; above 5 % the model is paused, every purchase says so",
          (LEDGER + "test_what_the_vendor_took_above_the_hold_counts_even_above_the_cap",
           "test_pauses.py::test_more_than_a_twentieth_above_the_quote_pauses_the_model",
           "test_pauses.py::test_the_next_results_say_it_and_the_choice_passes_the_model_over")),
    Fault("C20", "the vendor takes less, or gives a failed job back", "the rest is released; the job costs 0 where the vendor says so",
          (LEDGER + "test_what_the_vendor_did_not_take_goes_back", "test_pauses.py::test_muvi_gives_a_failed_job_back",
           LEDGER + "test_money_that_was_spent_comes_back_as_a_refund")),
    Fault("C21", "another currency, credits, micro-cents", "by the vendor's own table, rounded up; another currency is no sum",
          ("test_money.py::test_what_a_vendor_states_is_taken_exactly_in_its_own_unit",
           MONEY + "test_c21_a_sum_in_another_currency_is_no_sum")),
    Fault("C22", "cap lowered below what is held", "nothing more is taken, what is held stays held",
          (LEDGER + "test_a_cap_lowered_below_what_is_held_lets_nothing_more_in",)),
    Fault("C23", "cap raised in the config at run time, by `max_usd`, by other names", "no effect before a restart; unknown names refused",
          (MONEY + "test_c23_caps_and_prices_are_those_of_the_start", NO_ARGUMENT)),
    Fault("C24", "sums near 2^63 micros", "refused, never wrapped; a vendor's is booked at $1,000,000",
          (LEDGER + "test_no_cap_is_high_enough_for_a_sum_that_could_overflow", LEDGER + "test_a_senseless_sum_is_booked_within_reason")),
)
# fmt: on

# D: results that are fetched. Q: what a vendor answers. I: what a caller puts in. R: the host, the machine, the restart
REST = tuple(Fault(*row) for row in (*later_catalogue.RESULTS, *later_catalogue.ANSWERS, *later_catalogue.INPUTS, *later_catalogue.HOSTS))

CATALOGUE = (*SUBMITS, *BUDGETS, *REST)
