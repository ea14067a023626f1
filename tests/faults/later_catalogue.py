"""The second half of the catalogue: what is fetched, what a vendor answers, what a caller puts in, and the machine."""

from __future__ import annotations

Row = tuple[str, str, str, tuple[str, ...]]
"""As a `Fault` has it: id, fault, outcome, tests."""

TABLE, FETCHED, MORE = "faults/test_faults.py::", "faults/test_results.py::", "faults/test_more_faults.py::"
ASKED, WORDS, LINES = "faults/test_questions.py::", "faults/test_hostile_words.py::", "faults/test_lines.py::"
HOST, CLIENTS, PIPES, ENDING = "faults/test_hosts.py::", "faults/test_clients.py::", "faults/test_pipes.py::", "faults/test_ending.py::"
GUARD, PATHS, IMAGES, HOSTILE = "test_guard.py::", "test_paths.py::", "media/test_images.py::", "media/test_hostile.py::"
HTTP, STORES, MANY, KILL = "commands/test_http.py::", "faults/test_broken_stores.py::", "test_many_processes.py::", "test_kill.py::"
DOWNLOAD, QUESTION = TABLE + "test_a_fault_of_a_download", TABLE + "test_a_fault_of_a_question"
NOWHERE, NO_END = TABLE + "test_a_link_to_where_nobody_should_go", TABLE + "test_what_is_no_link_is_no_end"
STRAY = GUARD + "test_an_address_that_is_not_public_is_refused_in_any_spelling"
MALFORMED = GUARD + "test_a_link_that_is_not_plain_is_refused"
TRUSTED = GUARD + "test_a_trusted_host_may_be_private_and_plain_http_at_exactly_this_port"
BOUNDED = "faults/test_bounded.py::test_no_answer_of_a_vendor_fills_the_memory_or_stops_the_talk"
VENDORS_WORDS = WORDS + "test_a_vendors_words_stand_in_their_own_field_only"
PROMPT = WORDS + "test_a_prompt_is_data_and_moves_no_terminal_and_names_no_file"
LINKLESS = MORE + "test_a_video_that_is_made_but_has_no_link_is_not_asked_for_for_ever"
FORGOTTEN = "faults/test_forgotten.py::test_a_vendor_that_has_forgotten_the_job_is_believed_only_after_a_while"
STORIES = "test_vendors.py::test_every_answer_means_what_the_page_says"
IMAGE = LINES + "test_no_image_that_may_not_be_read_is_read_and_nothing_is_bought"
ARGUMENT = LINES + "test_no_argument_that_cannot_be_buys_anything"
LINE = LINES + "test_no_line_ends_the_process_or_is_answered_twice"
DATA_URI = PATHS + "test_a_data_uri_is_read_strictly"
NO_PICTURE = IMAGES + "test_anything_else_is_refused_by_name"
NAMED_KEY = "test_settings.py::test_a_key_that_could_be_no_header_is_refused_without_showing_it"

# fmt: off
# D: results that are fetched. "refused" is: failed, `result_invalid`, nobody asked there, the price stays spent
RESULTS: tuple[Row, ...] = (
    ("D01", "link with http:", "refused", (NOWHERE,)),
    ("D02", "link to this machine or network, in 40 spellings", "refused, the tripwire hears nothing", (NOWHERE, STRAY)),
    ("D03", "a name that resolves to inside, at once, later, or among others",
     "resolved once, every address checked, that one connected to",
     (FETCHED + "test_d03_a_name_is_resolved_once_and_its_checked_address_connected_to",
      FETCHED + "test_d03_a_public_name_with_an_address_inside_is_connected_to_nowhere",
      GUARD + "test_every_answer_of_the_resolver_has_to_be_public")),
    ("D04", "redirect to inside, http, file:, data:, in a circle, six times", "refused at that hop; three public hops are followed",
     (DOWNLOAD, FETCHED + "test_d04_six_hops_are_too_many")),
    ("D05", "user, backslash, hash, tab, line end, one slash, 5,000 characters, homograph",
     "refused; a homograph is another name, not trusted",
     (NOWHERE, NO_END, MALFORMED, TRUSTED)),
    ("D06", "file:, ftp:, gopher:, javascript:, data:", "no link: the vendor is asked on, and the job ends as in Q11 when none comes",
     (NO_END, LINKLESS)),
    ("D07", "gzip in gzip, brotli, zstd", "not unpacked: once, fetched again; always, `result_invalid`; memory grows by less than 64 MiB",
     (DOWNLOAD, BOUNDED)),
    ("D08", "a terabyte promised, no end, a length too short, too long",
     "cut at 1 GiB; a wrong length is fetched again, never called whole",
     (DOWNLOAD, FETCHED + "test_d08_a_file_without_an_end_is_cut_and_its_bytes_thrown_away", BOUNDED)),
    ("D09", "a byte now and then, for ever", "cut after 15 min, begun anew; other downloads go on meanwhile",
     (DOWNLOAD, FETCHED + "test_d09_a_drip_ends_with_the_whole_time_of_a_download_and_begins_anew",
      MORE + "test_d09_a_download_that_hangs_does_not_hold_up_the_others")),
    ("D10", "a page, JSON, text with 200", "asked for at a fresh link, six times; then `result_invalid`",
     (DOWNLOAD, FETCHED + "test_d10_what_is_no_video_is_asked_for_at_a_fresh_link")),
    ("D11", "a header and a script, a film and a script, nothing, cut off",
     "no film is `result_invalid`; a film is .mp4, mode 0600, whatever it is called",
     (DOWNLOAD, FETCHED + "test_d11_a_film_with_a_script_behind_it_is_only_a_film",
      "media/test_mp4.py::test_a_clip_that_was_cut_off_anywhere_is_refused")),
    ("D12", "the link answers 401, 403, 404, 410", "the vendor is asked for a new one; without one `expired`, the price stays spent",
     (DOWNLOAD, MORE + "test_d12_a_dead_link_is_replaced_by_a_new_one")),
    ("D13", "204, 206, 304, 416, 500, reset; another file at the second try", "always from byte 0, no range asked for: one whole file",
     (DOWNLOAD, FETCHED + "test_d13_half_a_file_is_never_continued_with_another")),
    ("D14", "a file name that climbs, is long, reserved, turned round", "not looked at: the name is day, words, job id",
     (DOWNLOAD, FETCHED + "test_d14_a_name_that_a_host_gives_its_file_is_not_used")),
    ("D15", "no room, no folder, not writable, in the middle of a file", "the job waits, its half file removed; done when there is room",
     (FETCHED + "test_d15_a_disk_that_fills_up_in_the_middle_of_a_file_keeps_the_job_until_there_is_room",
      MORE + "test_d15_a_folder_that_cannot_be_written_keeps_the_job_until_it_can",
      HOST + "test_r08_a_folder_that_cannot_be_is_said_or_waited_for")),
    ("D16", "name taken, a link there, folder deleted, file swapped",
     "another name; nothing followed or overwritten; swapped is fetched again",
     (MORE + "test_d16_a_name_that_is_taken_is_neither_followed_nor_overwritten",
      FETCHED + "test_d16_what_is_swapped_under_a_download_is_never_called_its_file")),
    ("D17", "killed at each step of write, link, record", "whole or absent, never completed without its file",
     (KILL + "test_killed_at_any_moment_of_a_download",
      "faults/test_sweep.py::test_kills_at_calls_of_the_kernel_buy_nothing_twice_and_lose_nothing")),
    ("D18", "two instances", "one download",
     (MORE + "test_d18_two_desks_on_one_store_ask_and_fetch_once", MANY + "test_each_job_is_sent_once_and_fetched_once")),
    ("D19", "ten results", "one job has one file: the first video is it, the others are not fetched",
     (FETCHED + "test_d19_of_many_results_the_first_video_is_the_file",)),
    ("D20", "a host that is not the vendor's", "no list of hosts: any public https one; a private one only from `SORA_MCP_TRUSTED_HOSTS`",
     (GUARD + "test_a_public_https_address_is_followed_with_all_that_a_connection_needs", TRUSTED)),
    ("D21", "key, cookie, referer at the file host",
     "four headers, none of these", (MORE + "test_d21_the_file_host_sees_no_key_and_no_cookie",)),
)

# Q: what a vendor answers. "not believed" is: nothing learnt, asked again, the job completes
ANSWERS: tuple[Row, ...] = (
    ("Q01", "half a surrogate in id, status, message, prompt", "not believed, or shown without it; every answer is valid Unicode",
     (QUESTION, VENDORS_WORDS, "server/test_protocol.py::test_no_answer_ever_holds_a_lone_surrogate")),
    ("Q02", "escapes, links, clipboard, CR, BEL, bidi, zero width, tags, U+2028", "taken out, in chat, log and terminal",
     (VENDORS_WORDS, "test_quoted.py::test_a_vendors_words_lose_everything_that_a_person_would_not_see")),
    ("Q03", "orders to the model, tags, tool JSON, a picture's address",
     "only in `vendor_message`, 500 characters at most", (VENDORS_WORDS,)),
    ("Q04", "1 GiB, 50 MB in one text, a million keys",
     "cut at 1 MiB, not believed, memory grows by less than 64 MiB", (QUESTION, BOUNDED)),
    ("Q05", "100,000 brackets", "not believed", (QUESTION, BOUNDED)),
    ("Q06", "a number of 5,000 digits", "not believed", (QUESTION,)),
    ("Q07", "cost NaN, endless, negative, a word, absurd",
     "as JSON has none: not believed; else the held price is spent; far above: model paused",
     (QUESTION, ASKED + "test_q07_a_sum_that_cannot_be_leaves_the_price_that_was_held",
      "test_pauses.py::test_more_than_a_twentieth_above_the_quote_pauses_the_model")),
    ("Q08", "two values under one name, BOM, UTF-16, latin-1, more behind it, in HTML",
     "not believed; another charset's name is not looked at",
     (QUESTION,)),
    ("Q09", "status unknown, in capitals, Chinese, null, a number", "not believed: still running", (QUESTION,)),
    ("Q10", "made, then running, then failed",
     "an end is an end and not asked about; before the file is here it is followed, and paid once",
     (ASKED + "test_q10_an_end_is_an_end_whatever_the_vendor_says_later",
      ASKED + "test_q10_a_video_that_was_made_and_then_is_not_costs_what_was_settled")),
    ("Q11", "made, without a link, with an empty list, null", "asked for 10 min, 20 times at least; then `result_invalid`, the price spent",
     (LINKLESS, MORE + "test_a_link_that_comes_late_is_taken")),
    ("Q12", "another job's id", "not believed, a warning in the log", (QUESTION,)),
    ("Q13", "401 while it is asked", "job and hold kept, asked more and more seldom; a good key finishes it",
     (QUESTION, ASKED + "test_q13_a_key_that_goes_bad_loses_no_job_and_a_good_one_finishes_it")),
    ("Q14", "404 once", "not believed", (QUESTION,)),
    ("Q15", "404 for ever", "after 10 min and three times failed, `not_found`, charged unknown, the price stays counted", (FORGOTTEN,)),
    ("Q16", "429 again and again", "waited for as told; other jobs are sent and fetched meanwhile",
     (QUESTION, ASKED + "test_q16_a_storm_of_429_is_waited_out_and_submits_go_on")),
    ("Q17", "500, fifty times", "survived; the pause doubles up to a minute",
     (QUESTION, ASKED + "test_q17_fifty_errors_in_a_row_are_survived",
      "test_schedule.py::test_failed_attempts_wait_longer_each_time_up_to_a_minute")),
    ("Q18", "99 % for a day", "no state of its own: running at 99 %, listed, held, asked every 5 min",
     (ASKED + "test_q18_a_vendor_that_stands_still_for_a_day_is_asked_seldom_and_its_job_listed",)),
    ("Q19", "polling address elsewhere, a redirect there", "not taken: made here of the id, the tripwire hears nothing",
     (QUESTION, ASKED + "test_q19_an_address_to_ask_at_is_made_here_and_not_taken", STORIES)),
    ("Q20", "410 on everything", "paid call: failed, hold released; question: as Q15; file: as D12",
     (TABLE + "test_a_fault_of_the_paid_call", FORGOTTEN)),
    ("Q21", "clocks of 1970 and 9999 in Date, created, expires", "not looked at; a wait until a date is 1 to 900 s",
     (QUESTION, "test_answers.py::test_the_wait_that_a_header_asks_for_is_a_floor_within_bounds")),
    ("Q22", "Set-Cookie", "never sent back", (MORE + "test_d21_the_file_host_sees_no_key_and_no_cookie",)),
    ("Q23", "moderated inside of a 200", "failed, `content_refused`, charged as that vendor says",
     (STORIES, "test_live.py::test_completed_is_not_always_a_video")),
)

# I: what a caller puts in. "refused" is: `invalid_image` or another code, `Not sent, nothing charged.`
INPUTS: tuple[Row, ...] = (
    ("I01", "system files, climbing, links in and out, hard links, devices, pipes, odd names",
     "refused unopened, or unread; a link inside is followed",
     (IMAGE, PATHS + "test_no_way_leads_out_of_the_folders", PATHS + "test_a_link_that_leads_out_is_not_followed",
      PATHS + "test_a_file_that_has_another_name_somewhere_is_not_read",
      PATHS + "test_only_a_regular_file_is_read_and_a_pipe_does_not_block")),
    ("I02", "file or folder swapped for a link before the opening", "refused: what was opened has to be at that very path",
     ("faults/test_swapped_pictures.py::test_a_link_that_was_put_there_between_the_look_and_the_opening_is_not_followed",)),
    ("I03", "text, SVG, PDF, EPS, TIFF, FITS, 10,000 frames of GIF, HEIC, as .png",
     "refused by its bytes; a HEIC becomes a JPEG with the media extra",
     (NO_PICTURE, PATHS + "test_a_file_is_what_its_bytes_say_and_not_its_name", HOSTILE + "test_a_gif_is_no_first_frame",
      "media/test_pictures.py::test_a_heic_photo_becomes_a_jpeg")),
    ("I04", "169, 900 megapixels", "refused by its header, memory grows by less than 48 MiB",
     (HOSTILE + "test_a_picture_of_too_many_megapixels_is_refused_by_its_header",)),
    ("I05", "data: URI too long, damaged, url-safe, of another type, without comma, nested", "refused; too long before it is decoded",
     (DATA_URI, PATHS + "test_a_data_uri_must_be_what_it_says", PATHS + "test_a_long_data_uri_is_refused_before_it_is_decoded",
      "faults/test_bounded.py::test_no_message_of_a_client_fills_the_memory_or_ends_the_process")),
    ("I06", "picture's address inside, redirecting, rebinding", "inside: refused; else the vendor fetches it: nobody is asked from here",
     (LINES + "test_i06_an_address_of_a_picture_is_never_asked_here", PATHS + "test_a_url_that_the_vendor_cannot_reach_is_refused", IMAGE)),
    ("I07", "the place in a photo", "cut out, no pixel changes",
     ("media/test_pictures.py::test_the_place_is_cut_out_and_no_pixel_changes",
      "media/test_pictures.py::test_a_photo_in_a_folder_loses_its_place_too")),
    ("I08", "empty, cut off, 0 pixels", "refused", (NO_PICTURE, IMAGES + "test_a_picture_that_was_cut_off_anywhere_is_refused")),
    ("I09", "prompt of 1 MB, NUL, surrogate, bidi, blank, templates, shell, JSON", "refused, or sent once as it is",
     (PROMPT, ARGUMENT, LINES + "test_no_answer_repeats_a_million_characters")),
    ("I10", "file names that climb, are options, emoji, long, reserved",
     "no such argument: a slug of five words of the prompt, behind the day",
     ("test_artifacts.py::test_a_name_has_words_of_the_prompt_and_nothing_else_of_it", PROMPT)),
    ("I11", "CR and LF in model, job id, vendor's id, key", "refused; a vendor's id: unknown",
     (ARGUMENT, LINES + "test_i12_a_job_that_is_guessed_is_not_there_and_always_in_the_same_words",
      WORDS + "test_a_vendors_id_that_is_none_stays_its_own", NAMED_KEY)),
    ("I12", "another's job, a guess, a million characters", "`not_found`, always in the same words, short",
     (HTTP + "test_what_is_anothers_is_not_there", LINES + "test_i12_a_job_that_is_guessed_is_not_there_and_always_in_the_same_words",
      LINES + "test_no_answer_repeats_a_million_characters")),
)

# R: the host, the machine, the restart
HOSTS: tuple[Row, ...] = (
    ("R01", "not JSON, empty, CRLF, BOM, bad UTF-8, NUL, 100 MB, half a line",
     "alive, the next request answered, memory grows by less than 64 MiB",
     (LINE, "faults/test_bounded.py::test_no_message_of_a_client_fills_the_memory_or_ends_the_process",
      CLIENTS + "test_r01_half_a_line_and_then_the_end_ends_the_server")),
    ("R02", "batch, strange ids, the same id twice, unknown method, wrong shape", "an error or nothing, never two answers, one purchase",
     (LINE, LINES + "test_the_same_id_twice_in_flight_buys_one_video")),
    ("R03", "stdout full or closed", "jobs go on; all answered when read again; closed: it ends, the job is finished without it",
     (PIPES + "test_r03_a_client_that_reads_nothing_holds_up_no_job_and_hears_all_when_it_reads_again",
      PIPES + "test_r03_a_client_that_reads_nothing_and_leaves_holds_nobody_up",
      PIPES + "test_r03_a_client_that_closes_its_side_has_left_and_its_job_is_finished_without_it")),
    ("R04", "stderr full or closed", "no answer and no job waits for it",
     (PIPES + "test_r04_a_log_that_nobody_reads_holds_up_no_answer_and_no_job",)),
    ("R05", "EOF at once, with five jobs; TERM, INT, HUP, PIPE",
     "exit 0 within 10 s, a paid call gets its last while, the jobs are finished; PIPE is nothing",
     ("server/test_protocol.py::test_a_host_that_leaves_without_a_word_ends_the_server",
      CLIENTS + "test_r05_five_jobs_are_finished_after_the_client_left",
      ENDING + "test_a_hanging_paid_call_holds_nobody_up_for_more_than_ten_seconds",
      PIPES + "test_r05_a_terminal_that_closes_gives_the_paid_call_its_last_while", CLIENTS + "test_r05_a_broken_pipes_signal_is_nothing")),
    ("R06", "client killed, its pipe held open by another", "the server ends within a second or so; its jobs are finished without it",
     (CLIENTS + "test_r06_a_client_that_is_killed_has_left_although_its_pipe_stays_open",)),
    ("R07", "1,000 calls at once", "no rate limit: all are answered, one purchase of one wish; other questions and files go on",
     (CLIENTS + "test_r07_a_thousand_calls_at_once_are_one_purchase_and_all_answered",)),
    ("R08", "no HOME, no time zones, LANG=C, umask 000, no working folder, 64 files, 512 and 256 MB, folders that cannot be",
     "works, files 0600; a zone or a store that cannot be is said in one line; without memory nothing is lost or bought twice",
     (HOST + "test_r08_a_poor_machine_makes_a_video_all_the_same", HOST + "test_r08_a_folder_that_cannot_be_is_said_or_waited_for",
      HOST + "test_r08_a_zone_that_has_no_name_or_no_table_is_asked_for_in_one_line",
      HOST + "test_r08_a_process_without_memory_loses_and_repeats_no_purchase")),
    ("R09", "store with flipped bits, cut, of another, newer, a folder, full; empty",
     "`storage_error`, nothing bought, left as it is; empty: a first start",
     (STORES + "test_r09_a_damaged_store_is_left_as_it_is_and_nothing_is_bought", STORES + "test_r09_an_empty_file_is_a_first_start",
      "test_store_files.py::test_a_disk_that_is_full_changes_nothing",
      "commands/test_doctor.py::test_a_store_that_does_not_open_has_to_be_fixed")),
    ("R10", "key empty, blank, with line ends, quotes, not ASCII, 10 kB",
     "empty is none; what is no header is refused by name; quotes are sent as they are",
     (NAMED_KEY, "test_settings.py::test_an_empty_value_or_an_unfilled_placeholder_is_no_value",
      "faults/test_canaries.py::test_no_key_is_seen_again")),
    ("R11", "evil Host, Origin, null, text, tokens, 5 MB, slow clients, OPTIONS, GET",
     "421, 403, 400, 401, 413, 405, 406; slow ones hold up nobody",
     (HTTP + "test_strange_addresses_tokens_and_bodies_are_not_answered",
      HTTP + "test_the_loopback_without_tokens_still_looks_at_names_and_pages",
      "faults/test_doors.py::test_r11_slow_clients_hold_up_neither_others_nor_the_end")),
    ("R12", "100 restarts with 20 jobs", "one question a job at most, one download each",
     (HOST + "test_r12_a_hundred_restarts_with_twenty_jobs_are_no_storm",)),
    ("R13", "older store with jobs, killed at each step of its migration",
     "brought up to date whole or not at all, all jobs and money there",
     ("test_migrations.py::test_a_store_of_the_first_version_opens_with_all_its_jobs_and_money",
      "test_migrations.py::test_a_migration_that_is_killed_at_a_statement_changes_nothing_and_runs_again",
      "faults/test_sweep.py::test_kills_while_an_older_store_is_opened_lose_nothing_and_buy_nothing_twice")),
    ("R14", "asleep for a night, clock jumps", "a new day's budget, one question a job; a lease that ran out changes nothing",
     (HOST + "test_r14_a_night_asleep_is_a_new_day_and_no_burst",
      MANY + "test_a_process_that_slept_past_its_lease_writes_nothing_over_its_successor")),
)
