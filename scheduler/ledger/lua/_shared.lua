--[[
  Functions that verbs share. Each script begins with the table of states and of allowed changes, which the
  ledger writes from models.TRANSITIONS, their only place; then come those functions that the script uses.

    KEYS[1]  the root of all keys ("callsched:"); every other key is made here from ids
]]
local ROOT = KEYS[1]

-- One instant for the whole script, however many of its parts ask.
local moment
local function clock(given)
  if given ~= "" then
    return tonumber(given)
  end
  if not moment then
    local time = redis.call("TIME")
    moment = tonumber(time[1]) + tonumber(time[2]) / 1e6
  end
  return moment
end

-- A stored value may be missing, or may not be a number if somebody else wrote it.
local function numeric(written, otherwise)
  return tonumber(written) or tonumber(otherwise)
end

-- Lua's own conversion keeps 14 digits, which is not enough for microseconds.
local function exact(number)
  return string.format("%.6f", number)
end

local function account_key(account, part)
  return ROOT .. "account:" .. account .. ":" .. part
end

local function campaign_key(campaign, part)
  return ROOT .. "campaign:" .. campaign .. ":" .. part
end

local function attempt_key(attempt)
  return ROOT .. "attempt:" .. attempt
end

-- Count and note what happened on an account, for watchers, metrics and reports; nothing is decided by it.
local function happened(account, what, which, detail, now)
  redis.call("XADD", account_key(account, "events"), "MAXLEN", "~", 1000, "*",
    "at", exact(now), "what", what, "which", which, "detail", detail)
end

local function count(account, what, by)
  redis.call("HINCRBY", account_key(account, "totals"), what, by or 1)
end

-- Add to a number in a field; a field that is no number starts from 0.
local function increase(key, field, by)
  local counted = redis.pcall("HINCRBY", key, field, by)
  if type(counted) ~= "table" then
    return counted
  end
  if not string.find(counted.err, "not an integer", 1, true) then
    error(counted.err)
  end
  redis.call("HSET", key, field, by)
  return by
end

-- What the account counts of a campaign has changed: `recount` will look at it. No call waits for a count, so
-- if the key has another type, it stays as it is.
local function to_count(campaign)
  redis.pcall("SADD", ROOT .. "uncounted", campaign)
end

-- Something in a key is not ours. The script takes it out, so that it delays nothing; `doctor` names it.
local MOST_RUBBISH = 1000
local function set_aside(account, part, member, why)
  redis.call("ZREM", account_key(account, part), member)
  local rubbish = account_key(account, "rubbish")
  if redis.call("HLEN", rubbish) < MOST_RUBBISH then
    redis.call("HSET", rubbish, part .. " " .. member, why)
  end
end

local function is_attempt(member)
  return string.find(member, "^.+:%d+:%d+$") ~= nil
end

-- Fields of a hash. If the key has another type, all fields are missing, and the second result is true.
local function fields_of(key, ...)
  local found = redis.pcall("HMGET", key, ...)
  if found.err then
    if not string.find(found.err, "WRONGTYPE", 1, true) then
      error(found.err)
    end
    return {}, true
  end
  return found, false
end

-- What never changes of a campaign: its account, its policy as it is written, and what it collects.
local known_campaigns = {}
local function known_of(campaign)
  if not known_campaigns[campaign] then
    local account, policy, collects =
      unpack(redis.call("HMGET", campaign_key(campaign, "meta"), "account", "policy", "collects"))
    known_campaigns[campaign] = { account = account, policy = policy, collects = collects }
  end
  return known_campaigns[campaign]
end

local function account_of(campaign)
  return known_of(campaign).account
end

-- A call that waits for its first attempt has no key: it is pending, attempt 0.
local function call_at(campaign, row)
  local key = ROOT .. "call:" .. campaign .. ":" .. row
  local found, is_rubbish = fields_of(key, "state", "attempt")
  local state, current = found[1] or PENDING, found[2] or "0"
  is_rubbish = is_rubbish or not MAY[state] or not tonumber(current)
  return { campaign = campaign, row = row, key = key, state = state, current = current, is_rubbish = is_rubbish }
end

-- The call to which an attempt belongs; `fresh` if the call has no later attempt.
local function call_of(attempt)
  local campaign, row, number = string.match(attempt, "^(.+):(%d+):(%d+)$")
  local call = call_at(campaign, row)
  call.attempt = attempt
  call.fresh = call.current == number and not call.is_rubbish
  return call
end

-- A call of a campaign may be dialled from `at` on: have claims look at the campaign then. Without this
-- they would not, because claims look at no other campaigns.
local function look_at(account, campaign, at)
  redis.call("ZADD", account_key(account, "next"), "LT", exact(at), campaign)
end

-- A call waits for its next dial. Every script that makes a call wait calls this function.
local function put_due(account, campaign, row, at)
  redis.call("ZADD", campaign_key(campaign, "due"), exact(at), row)
  look_at(account, campaign, at)
end

-- A campaign that limits its open calls may have waited for one of them to end.
local OPEN = { [CLAIMED] = true, [DIALING] = true, [CONNECTED] = true, [STOPPING] = true }
local function make_room(campaign)
  local account, cap, canary =
    unpack(redis.call("HMGET", campaign_key(campaign, "meta"), "account", "max_concurrency", "canary"))
  if account and (cap or canary) then
    look_at(account, campaign, 0)
  end
end

-- The only place where a state changes. Returns false and changes nothing if the table does not allow it.
local function move(call, to)
  if call.is_rubbish or not MAY[call.state][to] then
    return false
  end
  local counts = campaign_key(call.campaign, "counts")
  redis.call("HSET", call.key, "state", to)
  redis.call("HINCRBY", counts, call.state, -1)
  redis.call("HINCRBY", counts, to, 1)
  to_count(call.campaign)
  if OPEN[call.state] and not OPEN[to] then
    make_room(call.campaign)
  end
  call.state = to
  return true
end

local function labelled(disposition, reason)
  return reason == "" and disposition or disposition .. ":" .. reason
end

local function tally(campaign, disposition, reason, by)
  local label = labelled(disposition, reason)
  redis.call("HINCRBY", campaign_key(campaign, "dispositions"), label, by)
  count(account_of(campaign), "ended:" .. label, by)
end

-- The policy of a campaign for its calls. A key that it leaves out is null, which is a value in Lua. If the
-- policy can't be read, it counts as empty: calls can end by that, and none may begin.
local policies = {}
local function policy_of(campaign)
  if not policies[campaign] then
    local is_read, policy = pcall(cjson.decode, known_of(campaign).policy)
    policies[campaign] = is_read and type(policy) == "table" and policy or { is_unreadable = true }
  end
  return policies[campaign]
end

local function is_set(value)
  return value ~= nil and value ~= cjson.null
end

-- Put an entry on the do-not-call list; 0 if it is there already, then it stays as it was first written.
local function put_on_list(entry, why, now)
  return redis.call("HSETNX", ROOT .. "do_not_call", entry, string.format("%d %s", now, why))
end

-- The callee asks never to be called again. The call keeps this wish, whatever attempts follow.
local function opted_out(attempt)
  local call = call_of(attempt)
  if redis.call("EXISTS", call.key) == 1 then
    redis.call("HSETNX", call.key, "opted_out", attempt)
  end
end

-- Owe a campaign's webhooks a message about an event: of a call, named by its last attempt, or of the campaign.
local function owe_news(campaign, account, event, which, now)
  local hooks = policy_of(campaign).webhooks
  if not is_set(hooks) then
    return
  end
  for number, hook in ipairs(hooks) do
    for _, wanted in ipairs(hook.events) do
      if wanted == event then
        local times = redis.call("HINCRBY", account_key(account, "totals"), "webhooks", 1)
        local news = string.format("%d %s %s %d", number, event, which, times)
        redis.call("ZADD", account_key(account, "webhooks"), exact(now), news)
      end
    end
  end
end

-- Owe a message about the end of a call; if its conversation is still to be read, only after that.
local function owe_end(call, account, now)
  local attempt = call.campaign .. ":" .. call.row .. ":" .. call.current
  if call.state == ENDED and not redis.call("ZSCORE", account_key(account, "collect"), attempt) then
    owe_news(call.campaign, account, "call.ended", attempt, now)
  end
end

-- The same for the end of a campaign.
local function owe_finish(campaign, account, now)
  local state, collecting = unpack(redis.call("HMGET", campaign_key(campaign, "meta"), "state", "collecting"))
  if state == "finished" and numeric(collecting, 0) <= 0 then
    owe_news(campaign, account, "campaign.finished", campaign, now)
  end
end

-- The campaigns of one name, scored by when they finished; +inf while they have not.
local function named_key(account, name)
  return account_key(account, "named:" .. name)
end

-- Forget campaigns that finished longer ago than calls are remembered: nobody asks for them.
local function finished_of_name(campaign, account, name, now)
  local key, remembered = named_key(account, name), 31 * 86400
  redis.call("ZADD", key, exact(now), campaign)
  redis.call("ZREMRANGEBYSCORE", key, "-inf", exact(now - remembered))
  if redis.call("ZCOUNT", key, "+inf", "+inf") == 0 then
    redis.call("EXPIRE", key, remembered)
  end
end

local function open_of_name(campaign, account, name)
  redis.call("ZADD", named_key(account, name), "+inf", campaign)
  redis.call("PERSIST", named_key(account, name))
end

-- A campaign has changed so that an order may mean something else: refuse orders that have not seen this.
local function move_on(campaign)
  redis.call("HINCRBY", campaign_key(campaign, "meta"), "moves", 1)
end

-- The campaigns of a priority that have something due; and the priorities that have such campaigns.
local function ready_key(account, priority)
  return account_key(account, "ready:" .. string.format("%d", numeric(priority, 0)))
end

local function leave_class(account, priority, campaign)
  local key = ready_key(account, priority)
  redis.call("ZREM", key, campaign)
  if redis.call("EXISTS", key) == 0 then
    redis.call("ZREM", account_key(account, "classes"), string.format("%d", numeric(priority, 0)))
  end
end

-- A campaign dials no more calls until somebody resumes it. It then stands among the few campaigns at which
-- a look always looks.
local function pause(campaign, account, now)
  redis.call("HSET", campaign_key(campaign, "meta"), "state", "paused")
  to_count(campaign)
  redis.call("ZADD", account_key(account, "paused"), "NX", exact(now), campaign)
end

-- A sealed campaign is finished once its last call has ended.
local function close_when_done(campaign, now)
  local meta = campaign_key(campaign, "meta")
  local state, total, account, name, priority =
    unpack(redis.call("HMGET", meta, "state", "total", "account", "name", "priority"))
  local ended = redis.call("HGET", campaign_key(campaign, "counts"), ENDED) or "0"
  if (state == "active" or state == "paused") and tonumber(ended) >= tonumber(total) then
    redis.call("HSET", meta, "state", "finished", "finished_at", exact(now))
    to_count(campaign)
    move_on(campaign)
    redis.call("HDEL", meta, "aborting", "paused_by")
    for _, part in ipairs({ "campaigns", "next", "paced", "paused" }) do
      redis.call("ZREM", account_key(account, part), campaign)
    end
    leave_class(account, priority, campaign)
    finished_of_name(campaign, account, name, now)
    happened(account, "campaign", campaign, "finished", now)
    owe_finish(campaign, account, now)
  end
end

-- Whether an order is on record already: then it was sent again because its answer was lost.
local function is_on_record(key, token)
  for _, entry in ipairs(redis.call("XREVRANGE", key, "+", "-", "COUNT", 20)) do
    if entry[2][10] == token then
      return true
    end
  end
  return false
end

-- Record who gave an order, and when, in the step that carries it out, and once for each token. The order is
-- for a campaign, or for the account's limit. Returns whether it is new.
local function put_on_record(campaign, account, what, who, note, token, now)
  if who == "" then
    return false
  end
  local key = campaign ~= "" and campaign_key(campaign, "controls") or account_key(account, "controls")
  if is_on_record(key, token) then
    return false
  end
  redis.call("XADD", key, "MAXLEN", 100, "*", "at", exact(now), "what", what, "who", who, "note", note, "token", token)
  happened(account, "control", campaign, what .. " by " .. who, now)
  return true
end

-- Compare what an order has seen of a campaign with how it stands: "go" if they agree, "done" if the order
-- itself was carried out before, else "moved_on": then change nothing. `seen` is "" if the order is for the
-- campaign however it stands.
local function seen_as(campaign, seen, token)
  if seen == "" then
    return "go"
  end
  if is_on_record(campaign_key(campaign, "controls"), token) then
    return "done"
  end
  local moves = redis.call("HGET", campaign_key(campaign, "meta"), "moves") or "0"
  return moves == seen and "go" or "moved_on"
end

-- Whether an operator has cancelled the rest of a campaign, for good.
local function is_cancelled(campaign)
  return redis.call("HEXISTS", campaign_key(campaign, "meta"), "cancelled") == 1
end

-- A campaign has more calls to make; it may have been finished.
local function go_on(campaign, account)
  local meta = campaign_key(campaign, "meta")
  local state, name = unpack(redis.call("HMGET", meta, "state", "name"))
  if state == "finished" then
    redis.call("HSET", meta, "state", "active")
    to_count(campaign)
    move_on(campaign)
    open_of_name(campaign, account, name)
    redis.call("HDEL", meta, "finished_at")
    redis.call("ZADD", account_key(account, "campaigns"), "NX", 0, campaign)
  end
  look_at(account, campaign, 0)
end

-- A campaign stops itself: it is paused, with the reason on record, until an operator resumes it.
local function stop_itself(campaign, why, now)
  local meta = campaign_key(campaign, "meta")
  local state, account = unpack(redis.call("HMGET", meta, "state", "account"))
  if state == "active" then
    pause(campaign, account, now)
    redis.call("HSET", meta, "stopped_itself", why)
    move_on(campaign)
    happened(account, "campaign", campaign, "stopped itself: " .. why, now)
    owe_news(campaign, account, "campaign.stopped", campaign, now)
  end
end

local function is_failure(rule, disposition)
  for _, failure in ipairs(rule.failures) do
    if failure == disposition then
      return 1
    end
  end
  return 0
end

-- The first few calls decide whether the others follow.
local function watch_canary(campaign, canary, disposition, now)
  local meta = campaign_key(campaign, "meta")
  if redis.call("HEXISTS", meta, "canary") == 0 then
    return
  end
  local tried = redis.call("HINCRBY", meta, "canary_tried", 1)
  local failed = redis.call("HINCRBY", meta, "canary_failed", is_failure(canary, disposition))
  if tried < canary.first then
    return
  end
  if (tried - failed) / tried >= canary.success then
    redis.call("HDEL", meta, "canary")
  else
    stop_itself(campaign, string.format("canary: %d of the first %d calls went well, less than %g %%",
      tried - failed, tried, canary.success * 100), now)
  end
end

-- Too many failures among the last calls stop the others.
local function watch_circuit(campaign, breaker, attempt, disposition, now)
  local all, failed = campaign_key(campaign, "outcomes"), campaign_key(campaign, "failures")
  redis.call("ZADD", all, exact(now), attempt)
  if is_failure(breaker, disposition) == 1 then
    redis.call("ZADD", failed, exact(now), attempt)
  end
  for _, key in ipairs({ all, failed }) do
    redis.call("ZREMRANGEBYSCORE", key, "-inf", "(" .. exact(now - breaker.window_seconds))
    redis.call("EXPIRE", key, math.ceil(breaker.window_seconds) + 60)
  end
  local calls, failures = redis.call("ZCARD", all), redis.call("ZCARD", failed)
  if calls >= breaker.min_calls and failures / calls >= breaker.share then
    stop_itself(campaign, string.format("circuit breaker: %d of the last %d calls failed, %g %% or more",
      failures, calls, breaker.share * 100), now)
  end
end

-- Have canary and circuit breaker look at how an attempt ended.
local function watch(call, disposition, now)
  local policy = policy_of(call.campaign)
  if is_set(policy.canary) then
    watch_canary(call.campaign, policy.canary, disposition, now)
  end
  if is_set(policy.circuit_breaker) then
    watch_circuit(call.campaign, policy.circuit_breaker, call.attempt, disposition, now)
  end
end

-- `counts_as` is what canary and circuit breaker count, if that is not the disposition.
local function end_call(call, disposition, reason, message, now, counts_as)
  local was_out = call.state == DIALING or call.state == CONNECTED or call.state == STOPPING
  if not move(call, ENDED) then
    return false
  end
  redis.call("HSET", call.key, "disposition", disposition, "reason", reason, "ended_at", exact(now))
  if message ~= "" then
    redis.call("HSET", call.key, "error", message)
  else
    redis.call("HDEL", call.key, "error") -- an earlier attempt's
  end
  tally(call.campaign, disposition, reason, 1)
  if was_out then
    redis.call("HSET", attempt_key(call.attempt), "disposition", disposition, "reason", reason)
    watch(call, counts_as or disposition, now)
  end
  local account = account_of(call.campaign)
  happened(account, "ended", call.campaign .. ":" .. call.row .. ":" .. call.current, labelled(disposition, reason), now)
  owe_end(call, account, now)
  close_when_done(call.campaign, now)
  return true
end

-- Whether the campaign allows one more dial of a call: `total` counts the attempts that may have rung, and a
-- rejected one never has. Each attempt but the last has led to a retry, and retries are counted.
local function may_ring_again(call, disposition)
  local total = policy_of(call.campaign).retry_total
  if not is_set(total) then
    return true
  end
  local attempts, rejected = unpack(redis.call("HMGET", call.key, "attempts", "retries:rejected"))
  local rang = numeric(attempts, 0) - numeric(rejected, 0) - (disposition == "rejected" and 1 or 0)
  return rang < total
end

-- The retry rule for calls that ended so: that of the reason, else that of the disposition; and its name.
local function retry_of(call, disposition, reason)
  local rules = policy_of(call.campaign).retry or {}
  if rules[reason] then
    return rules[reason], reason
  end
  return rules[disposition], disposition
end

-- When the campaign has a call that ended so dialled again; nil if never.
local function again_at(call, disposition, reason, now)
  local retry, name = retry_of(call, disposition, reason)
  local meta, counter = campaign_key(call.campaign, "meta"), "retries:" .. name
  if not retry or redis.call("HEXISTS", meta, "aborting") == 1 or is_cancelled(call.campaign) then
    return nil
  end
  if not may_ring_again(call, disposition) then
    return nil
  end
  local times = numeric(redis.call("HGET", call.key, counter), 0)
  if times >= retry.max then
    return nil
  end
  redis.call("HINCRBY", call.key, counter, 1)
  local delay = retry.delays_seconds[math.min(times + 1, #retry.delays_seconds)]
  -- From -1 to 1: the microseconds of the clock are random enough.
  local random = (now * 1e6) % 1000 / 500 - 1
  return now + delay * (1 + retry.jitter * random)
end

-- An attempt is certainly over. So is its call, unless the campaign has it dialled again.
local function end_attempt(call, disposition, reason, message, now)
  local due_at = again_at(call, disposition, reason, now)
  if not due_at then
    return end_call(call, disposition, reason, message, now)
  end
  if call.state == CONNECTED then
    move(call, STOPPING)
  end
  move(call, PENDING)
  put_due(account_of(call.campaign), call.campaign, call.row, due_at)
  redis.call("HSET", attempt_key(call.attempt), "disposition", disposition, "reason", reason)
  if message ~= "" then
    redis.call("HSET", call.key, "error", message)
  end
  watch(call, disposition, now)
  return true
end

-- The record of a call's contact; nil once its campaign is retired.
local function contact_of(call)
  local at = call.row .. "-0"
  local found = redis.call("XRANGE", campaign_key(call.campaign, "contacts"), at, at)[1]
  return found and cjson.decode(found[2][2])
end

-- The party that a contact reaches: its address, and the keys that the call presses there.
local function party_of(contact)
  local address = contact.p or contact.s
  return contact.d and address .. "," .. contact.d or address
end

-- Which attempts of any campaign may have rung a party, and when.
local function called_key(party)
  return ROOT .. "called:" .. party
end

-- When an attempt begins, it reserves its longest duration from its campaign's budget. Once it is over, this
-- gives back what it did not use.
local function release(campaign, attempt, used, reserved)
  if reserved then
    redis.call("HDEL", attempt_key(attempt), "reserved")
    redis.call("HINCRBYFLOAT", campaign_key(campaign, "meta"), "spent", exact(used - numeric(reserved, used)))
  end
end

-- No phone has rung after all.
local function not_called(call)
  release(call.campaign, call.attempt, 0, redis.call("HGET", attempt_key(call.attempt), "reserved"))
  redis.call("ZREM", called_key(party_of(contact_of(call))), call.attempt)
end

-- The end of a call is final, but an unknown end may be amended when more becomes known.
local function amend(call, disposition, reason, now)
  local before, why = unpack(redis.call("HMGET", call.key, "disposition", "reason"))
  redis.call("HSET", call.key, "disposition", disposition, "reason", reason)
  tally(call.campaign, before, why, -1)
  tally(call.campaign, disposition, reason, 1)
  local account = account_of(call.campaign)
  happened(account, "amended", call.campaign .. ":" .. call.row .. ":" .. call.current, labelled(disposition, reason), now)
  owe_end(call, account, now)
end

-- Count an attempt that may have rung, for its call and its campaign.
local function count_attempts(call, by)
  redis.call("HINCRBY", call.key, "attempts", by)
  redis.call("HINCRBY", campaign_key(call.campaign, "meta"), "dials", by)
end

-- How many connections are open, with those that may be open because their answer was lost.
local function open_legs(account)
  return redis.call("ZCARD", account_key(account, "live")) + redis.call("ZCARD", account_key(account, "held"))
end

-- The facts by which the limit is decided; "" for those that are not known.
local function see_limit(account, now)
  local version, learned, refusals, raise_at, step, had, in_row, accepted, proven = unpack(redis.call("HMGET",
    account_key(account, "meta"), "limit_version", "learned", "refusals", "raise_at", "step", "had",
    "refused_in_row", "accepted", "proven"))
  return { version or "0", learned or "", refusals or "", raise_at or "", step or "0", had or "0",
    open_legs(account), redis.call("ZCARD", account_key(account, "slots")), in_row or "0", accepted or "0",
    proven or "0", exact(now) }
end

-- Replace the learned limit, unless it has changed since the caller looked at it.
local function set_limit(account, now, seen, learned, refusals, raise_at, step, had)
  local meta = account_key(account, "meta")
  local version, before = unpack(redis.call("HMGET", meta, "limit_version", "learned"))
  if numeric(version, 0) ~= numeric(seen, 0) then
    return false
  end
  if before and tonumber(before) ~= tonumber(learned) then
    happened(account, "limit", "", before .. " -> " .. learned, now)
  end
  redis.call("HSET", meta, "learned", learned, "refusals", refusals, "raise_at", raise_at, "step", step, "had", had)
  increase(meta, "limit_version", 1)
  return true
end

-- The account's calls were used up: nobody claims for `close` seconds, or until calls have ended: one call, and
-- twice as many after each further refusal, at most a quarter of the limit. So even a limit that has fallen far
-- costs few refusals. Then the limit changes as the caller says, unless another worker has changed it since.
local function refused_at_limit(account, attempt, message, close, seen, now, learned, ...)
  local meta = account_key(account, "meta")
  redis.call("HSET", meta, "accepted", 0)
  -- Starts that were under way together with a refused one are refused too, which tells nothing new.
  if now >= numeric(redis.call("HGET", meta, "closed_until"), 0) then
    local in_row = increase(meta, "refused_in_row", 1)
    local ends = math.max(1, math.min(2 ^ (in_row - 1), math.floor(learned / 4)))
    redis.call("HSET", meta, "closed_until", exact(now + tonumber(close)), "closed_for", ends)
  end
  count(account, "refused")
  happened(account, "refused", attempt, message, now)
  if set_limit(account, now, seen, learned, ...) then
    redis.call("HSET", meta, "proven", learned)
  end
end

-- A call has ended, so its slot is certainly free. Once enough calls have ended, the account is open again.
local function open_after_end(account)
  local meta = account_key(account, "meta")
  local closed_until, closed_for = unpack(redis.call("HMGET", meta, "closed_until", "closed_for"))
  if (closed_until or closed_for) and increase(meta, "closed_for", -1) <= 0 then
    redis.call("HDEL", meta, "closed_until", "closed_for")
  end
end

-- How many stops of an account may be very late before nobody is dialled.
local function most_late(account)
  return math.max(3, math.floor(redis.call("ZCARD", account_key(account, "live")) / 10))
end

-- Never dial what can't be stopped: whether more than three stops, and more than a tenth of the live, are later
-- than `late`.
local function too_many_late(account, late, now)
  local many = redis.call("ZCOUNT", account_key(account, "live"), "-inf", exact(now - late))
  return many > 0 and many > most_late(account)
end

-- How many live connections are late by now.
local function late_stops(account, now)
  return redis.call("ZCOUNT", account_key(account, "live"), "-inf", "(" .. exact(now - LATE))
end

-- Whether a newer release has opened the ledger, with rules that this one may not know: then this one dials
-- no more, and only ends what is live.
local function is_outdated()
  return numeric(redis.call("GET", ROOT .. "schema"), 0) > SCHEMA
end

-- How many calls a worker with this ceiling and these credentials may claim on an account; the instant until
-- which a 429 or an outage holds all calls back; whether there is an outage; and the instant until which starts
-- wait for a moment because of too many requests, or because starts queue up.
local function gate(account, ceiling, fingerprint, first, late, now)
  local meta = account_key(account, "meta")
  local learned, closed_until, failures, probe_at, proven, quiet_until, refused_in_row = unpack(redis.call("HMGET",
    meta, "learned", "closed_until", "failures", "probe_at", "proven", "quiet_until", "refused_in_row"))
  local slots = redis.call("ZCARD", account_key(account, "slots"))
  local room = math.min(numeric(learned, first), tonumber(ceiling)) - slots
  -- Above the limit that accepted starts have proved, few starts may wait for an answer at a time.
  local legs = open_legs(account)
  proven = math.max(numeric(proven, first), legs)
  room = math.min(room, proven + math.max(UNPROVEN, math.floor(proven * UNPROVEN_SHARE)) - slots)
  -- After a refusal only one may, until a start is accepted.
  if numeric(refused_in_row, 0) > 0 then
    room = math.min(room, 1 - (slots - legs))
  end
  local shut_until, outage = numeric(closed_until, 0), numeric(failures, 0) >= 3
  if outage then
    room, shut_until = math.min(room, 1), math.max(shut_until, numeric(probe_at, 0))
  end
  if redis.call("HEXISTS", account_key(account, "blocks"), fingerprint) == 1
    or too_many_late(account, late, now) or is_outdated() then
    room = 0
  end
  return room, shut_until, outage, numeric(quiet_until, 0)
end

-- Make a call pending again: the caller knows that no phone rang, or that it may be dialled again. In a
-- cancelled campaign the call ends instead.
local function wait_again(call, account, due_at, now)
  if is_cancelled(call.campaign) then
    redis.call("ZREM", account_key(account, "slots"), call.attempt)
    return end_call(call, "skipped", "cancelled", "", now)
  end
  if not move(call, PENDING) then
    return false
  end
  redis.call("ZREM", account_key(account, "slots"), call.attempt)
  put_due(account, call.campaign, call.row, due_at)
  return true
end

-- Nobody knows whether a phone rang: the slot stays taken until the call must be over.
local function hold_slot(account, attempt, until_at)
  redis.call("ZADD", account_key(account, "slots"), exact(until_at), attempt)
  redis.call("ZADD", account_key(account, "held"), exact(until_at), attempt)
end

local function free_held(account, attempt)
  for _, part in ipairs({ "slots", "held", "searches" }) do
    redis.call("ZREM", account_key(account, part), attempt)
  end
end

-- A connection belongs to one attempt.
local function owner_key(connection)
  return ROOT .. "connection:" .. connection
end

local function bind(connection, attempt)
  redis.call("SET", owner_key(connection), attempt, "EX", 31 * 86400)
end

-- If the provider can be asked for a call whose answer was lost, have the worker that polls search for it.
local function search_for(account, attempt, at)
  if redis.call("HEXISTS", attempt_key(attempt), "searched") == 1 then
    redis.call("ZADD", account_key(account, "searches"), exact(at), attempt)
  end
end

-- Nobody knows whether a phone rang. The call ends so, unless its campaign has it dialled again: not before
-- the slot is free, and no more often than REDIALS. `lost` is the attempt for which it waits.
local function lose_call(call, account, reason, message, hold, now)
  local redials = numeric(redis.call("HGET", call.key, "redials"), 0)
  local redials_unknown = policy_of(call.campaign).on_unknown == "redial" and may_ring_again(call, "unknown")
  if redials_unknown and redials < REDIALS and not is_cancelled(call.campaign) then
    wait_again(call, account, now + hold, now)
    redis.call("HSET", attempt_key(call.attempt), "disposition", "unknown", "reason", reason)
    watch(call, "unknown", now)
    redis.call("HSET", call.key, "redials", redials + 1, "lost", call.current)
    if message ~= "" then
      redis.call("HSET", call.key, "error", message)
    end
  else
    end_call(call, "unknown", reason, message, now)
  end
  if hold > 0 then
    hold_slot(account, call.attempt, now + hold)
    search_for(account, call.attempt, now)
  else
    redis.call("ZREM", account_key(account, "slots"), call.attempt)
  end
end

-- Put a stop on record before anybody sends it. From here on the slot stays taken for at most our patience.
-- The connection must be over by now: until it is, it counts as late.
local function owe_stop(account, attempt, why, patience, now)
  redis.call("HSET", attempt_key(attempt), "stop_why", why, "stop_owed_at", exact(now))
  redis.call("ZADD", account_key(account, "slots"), exact(now + patience), attempt)
  redis.call("ZADD", account_key(account, "stops"), exact(now), attempt)
  redis.call("ZADD", account_key(account, "live"), "XX", "LT", exact(now), attempt)
end

-- Take a stop that is due: the caller sends it, and if the API does not confirm it, it is due again after the
-- first of these delays, then after the second, …; the last one is kept. An attempt may also wait for a look, or
-- for something that its call has to say, which is no stop. Returns the order as take_stops.lua does; nil if
-- nothing is to be sent.
local function take_stop(account, attempt, give_up, delays, now)
  local record, stops = attempt_key(attempt), account_key(account, "stops")
  local found, is_rubbish = fields_of(record, "connection_id", "stop_why", "deadline", "stop_owed_at",
    "look_at", "speak_at")
  -- A stop on record comes first, then a look, because a deadline depends on it.
  local is_look = found[5] and not found[2]
  local is_speech = found[6] and not found[2] and not is_look
  local connection, why = found[1], found[2] or is_look and "look" or is_speech and "speak" or "deadline"
  local owed_at = numeric(is_speech and found[6] or found[4], now)
  local deadline = numeric(found[3], owed_at)
  if is_rubbish or not is_attempt(attempt) then
    set_aside(account, "stops", attempt, is_rubbish and "its record can't be read" or "it is no attempt")
  end
  if not connection or now - owed_at > give_up and not is_speech then
    redis.call("ZREM", stops, attempt)
    redis.call("ZREM", account_key(account, "live"), attempt)
    redis.call("ZREM", account_key(account, "ears"), attempt)
    return nil
  end
  local times = increase(record, is_look and "looks" or is_speech and "speeches" or "stop_sendings", 1)
  local late = now - (why == "deadline" and deadline or owed_at)
  if times == 1 and not is_look and not is_speech then
    redis.call("HSETNX", record, "stop_late", exact(late))
  end
  redis.call("ZADD", stops, exact(now + tonumber(delays[math.min(times, #delays)])), attempt)
  return { attempt, connection, why, exact(deadline), times, exact(late) }
end

-- Move the deadline of a live connection everywhere.
local function move_deadline(account, attempt, at)
  redis.call("HSET", attempt_key(attempt), "deadline", exact(at))
  redis.call("ZADD", account_key(account, "slots"), "XX", exact(at), attempt)
  redis.call("ZADD", account_key(account, "live"), "XX", exact(at), attempt)
end

-- The call needs no look any more. An order to say something else stays among the stops.
local function look_no_more(account, attempt, now)
  local record = attempt_key(attempt)
  local why, speak_at = unpack(redis.call("HMGET", record, "stop_why", "speak_at"))
  redis.call("HDEL", record, "look_at")
  if not why and speak_at then
    redis.call("ZADD", account_key(account, "stops"), exact(now), attempt)
  elseif not why then
    redis.call("ZREM", account_key(account, "stops"), attempt)
  end
end

-- The callee has answered, at this instant; "" for the last instant at which a read showed no answer. A read
-- leaves open when the answer came between that read and itself (`shown_at`): a report that knows better moves
-- the instant once. Returns 1 if the instant is put on record or moved.
local function pick_up(account, call, told_at, is_told, now)
  local attempt, record = call.attempt, attempt_key(call.attempt)
  local connection, over_at, stage, answered_at, unanswered_at, begun_at, max_duration, why, shown_at, extended =
    unpack(redis.call("HMGET", record, "connection_id", "over_at", "stage", "answered_at", "unanswered_at",
      "begun_at", "max_duration", "stop_why", "shown_at", "extended_by"))
  local is_moved = answered_at and shown_at and is_told and told_at ~= ""
  if not connection or over_at or not stage or answered_at and not is_moved then
    return 0
  end
  local begun = numeric(begun_at, now)
  local earliest, latest = begun, now
  if is_told then
    earliest, latest = math.max(begun, numeric(unanswered_at, begun)), numeric(shown_at, now)
  end
  local at = math.max(earliest, math.min(numeric(told_at, numeric(unanswered_at, begun)), latest))
  redis.call("HSET", record, "answered_at", exact(at), "stage", "answered")
  if is_moved or told_at ~= "" then
    redis.call("HDEL", record, "shown_at")
  else
    redis.call("HSET", record, "shown_at", exact(now))
  end
  if not is_moved then
    look_no_more(account, attempt, now)
    happened(account, "picked_up", attempt, "", now)
  end
  -- An end that an operator has set stays.
  if call.fresh and call.state == CONNECTED and not why and not (is_moved and extended) then
    move_deadline(account, attempt, at + numeric(max_duration, 0))
  end
  return 1
end

-- How long a connection was used, from the callee's answer, if the provider tells it from its own; and the seconds
-- that `begin` has reserved for it.
local function used_seconds(record, now)
  local duration, stage, answered_at, started_at, reserved =
    unpack(redis.call("HMGET", record, "duration", "stage", "answered_at", "started_at", "reserved"))
  if duration then
    return numeric(duration, 0), reserved
  end
  if stage then
    return answered_at and now - numeric(answered_at, now) or 0, reserved
  end
  return now - numeric(started_at, now), reserved
end

-- If no worker of an account has recorded for so long that it lives, deadlines may have passed unseen.
local AWAY_SECONDS = 4

-- Why no worker of an account kept deadlines at an instant, see `beat`; nil if one did, as far as is known.
-- Workers record every 2 s that they live.
local function away_at(account, at)
  local from_at, until_at, why = unpack(redis.call("HMGET", account_key(account, "meta"), "away_from", "away_until",
    "away_why"))
  if at >= numeric(from_at, at + 1) - 2 and at <= numeric(until_at, at) then
    return why
  end
end

-- Whether no worker has said since an instant that it lives. Then who records something now has just reached
-- Redis again, before the timekeeper of its process, which says why.
local function is_cut_off(account, at, now)
  local beat_at = numeric(redis.call("HGET", account_key(account, "meta"), "beat_at"), now)
  return now - beat_at > AWAY_SECONDS and at >= beat_at - 2
end

-- Why a connection ended late: because its stop was sent late or never, else because of how the stop went.
local function why_late(call, account, late, due_at, now)
  local sent_late, said, kind = unpack(redis.call("HMGET", attempt_key(call.attempt), "stop_late", "stop_error",
    "stop_error_kind"))
  if not sent_late or numeric(sent_late, 0) > math.max(LATE, late / 2) then
    return away_at(account, due_at) or sent_late and LATE_BUSY
      or is_cut_off(account, due_at, now) and LATE_LEDGER or LATE_SLOW
  end
  return kind or said and LATE_API or LATE_SLOW, said
end

-- Count a connection that ended late for its campaign, by its cause; keep the worst, what the API said to the
-- last one, and from when to when there were any. `by` is 0 if it is counted already, -1 if it turns out not to
-- be late.
local function count_late(call, account, late, due_at, ended_at, by, now)
  local meta, record = campaign_key(call.campaign, "meta"), attempt_key(call.attempt)
  local why, said = redis.call("HGET", record, "end_late_why"), nil
  if by > 0 then
    why, said = why_late(call, account, late, due_at, now)
    redis.call("HSET", record, "end_late_why", why)
    count(account, "late_ends")
  end
  increase(meta, "late:" .. (why or LATE_SLOW), by)
  if said then
    redis.call("HSET", meta, "late_said", said)
  end
  local worst, worst_of, from_at, until_at = unpack(redis.call("HMGET", meta, "late_worst", "late_worst_of",
    "late_from", "late_until"))
  increase(meta, "late", by)
  if late > numeric(worst, 0) or worst_of == call.attempt then
    redis.call("HSET", meta, "late_worst", exact(late), "late_worst_of", call.attempt)
  end
  if by >= 0 then
    redis.call("HSET", meta, "late_from", exact(math.min(numeric(from_at, due_at), due_at)),
      "late_until", exact(math.max(numeric(until_at, ended_at), ended_at)))
  end
end

-- How long after it had to be over a connection ended: after its deadline, an operator's order, or its own
-- answer if that came too late. nil if it was over before, as far as is known. Then when it had to be over, when it
-- ended, and what is on record of this.
local function lateness(record, now)
  local deadline, why, owed_at, gone_at, before =
    unpack(redis.call("HMGET", record, "deadline", "stop_why", "stop_owed_at", "gone_at", "end_late"))
  local due_at, ended_at = numeric(deadline, owed_at), math.min(numeric(gone_at, now), now)
  if not due_at then
    return nil, now, ended_at, before
  end
  if why == "aborted" or why == "late" then
    due_at = math.min(due_at, numeric(owed_at, due_at))
  end
  -- Providers give whole seconds.
  if ended_at < due_at - (gone_at and 1 or 0) then
    return nil, due_at, ended_at, before
  end
  return math.max(0, ended_at - due_at), due_at, ended_at, before
end

-- Count an end for its account: how many were late up to each of LATE_BUCKETS, the others as inf, and the sum in
-- thousandths of a second, because older workers read these counts as whole numbers.
local function count_end(account, late)
  local name = "inf"
  for _, most in ipairs(LATE_BUCKETS) do
    if late <= most then
      name = most
      break
    end
  end
  count(account, "end_late:" .. name)
  count(account, "end_late_ms", math.floor(late * 1000 + 0.5))
end

-- An attempt's connection is over, or is given up as unconfirmed: then it is late by at least this much.
local function note_lateness(call, account, now)
  local record = attempt_key(call.attempt)
  local late, due_at, ended_at, before = lateness(record, now)
  local was_late = numeric(before, 0) > LATE
  if late and not before then
    count_end(account, late)
  end
  redis.call("HSET", record, "end_late", late and exact(late) or "")
  local is_late = late and late > LATE
  if is_late or was_late then
    count_late(call, account, late or 0, due_at, ended_at, (is_late and 1 or 0) - (was_late and 1 or 0), now)
  end
end

-- A connection is certainly over: its slot is free, and an account that a 429 closed may open again.
-- Returns false if that was on record already, or if no connection is on record.
local function close_connection(call, account, now, rang_nobody)
  local record = attempt_key(call.attempt)
  if redis.call("HEXISTS", record, "connection_id") == 0
    or redis.call("HSETNX", record, "over_at", exact(now)) == 0 then
    return false
  end
  for _, part in ipairs({ "slots", "stops", "live", "ears", "heard" }) do
    redis.call("ZREM", account_key(account, part), call.attempt)
  end
  redis.call("HINCRBY", campaign_key(call.campaign, "meta"), "stops", 1)
  count(account, "stops")
  if not rang_nobody then
    note_lateness(call, account, now)
  end
  release(call.campaign, call.attempt, used_seconds(record, now))
  open_after_end(account)
  return true
end

-- Take back a call that waits in the provider's queue: put its stop on record, with what follows if a final
-- status proves that it never rang: "pending" and when it is due, or "skipped" and why.
local function take_back(account, call, follows, reason, due_at, patience, now)
  if not call.fresh or call.state ~= CONNECTED or redis.call("HGET", attempt_key(call.attempt), "stage") ~= "queued" then
    return 0
  end
  move(call, STOPPING)
  owe_stop(account, call.attempt, "taken_back", patience, now)
  redis.call("HSET", attempt_key(call.attempt), "follows", follows, "follows_reason", reason,
    "follows_at", exact(due_at))
  return 1
end

-- Our starts queue up at the provider: from then on they leave one at a time, until one is not queued; after
-- three queued ones in a row none leaves for as long as the queue is.
local function see_queue(account, queue, now)
  local meta = account_key(account, "meta")
  if queue > LONGEST_QUEUE then
    local times = increase(meta, "queued_in_row", 1)
    redis.call("HSET", meta, "quiet_until", exact(times >= 3 and now + queue or now))
    happened(account, "queued", "", string.format("for %d s", queue), now)
  elseif redis.call("HDEL", meta, "queued_in_row") == 1 then
    redis.call("HDEL", meta, "quiet_until")
  end
end

-- A search gave an attempt a connection that belongs to another one: nobody knows the attempt's own again.
local function detach(account, attempt, now)
  local call, record = call_of(attempt), attempt_key(attempt)
  local connection, found, begun_at, hold =
    unpack(redis.call("HMGET", record, "connection_id", "found", "begun_at", "hold"))
  if not found then
    return
  end
  redis.call("DEL", owner_key(connection))
  redis.call("HDEL", record, "connection_id", "found", "stage", "deadline", "started_at", "answered_at", "unanswered_at",
    "look_at", "last_at", "stop_why", "stop_owed_at", "stop_sendings", "over_at", "gone_at", "end_late", "end_late_why", "duration",
    "heard", "sequence", "shown_at", "answered_by", "speak_at", "speeches", "spoken_at")
  for _, field in ipairs(redis.call("HKEYS", record)) do
    if string.find(field, "^intent:") then
      redis.call("HDEL", record, field)
    end
  end
  for _, part in ipairs({ "live", "stops", "ears", "heard" }) do
    redis.call("ZREM", account_key(account, part), attempt)
  end
  if call.fresh and call.state == ENDED then
    amend(call, "unknown", "answer_lost", now)
  elseif call.fresh then
    end_call(call, "unknown", "answer_lost", "", now)
  end
  hold_slot(account, attempt, math.max(now, numeric(begun_at, now) + numeric(hold, 0)))
  search_for(account, attempt, now)
end

-- Addresses that attempts without a connection may be ringing, because they are dialing or their answer was
-- lost. Two parties may share a number, as those of meetings do.
local function in_question(account, apart_from)
  local found = {}
  for _, attempt in ipairs(redis.call("ZRANGE", account_key(account, "slots"), 0, -1)) do
    if attempt ~= apart_from and is_attempt(attempt) then
      local call = call_of(attempt)
      local is_dialing = call.fresh and call.state == DIALING
      local contact = (is_dialing or redis.call("ZSCORE", account_key(account, "held"), attempt)) and contact_of(call)
      if contact then
        found[contact.p or contact.s] = true
      end
    end
  end
  return found
end

-- A connection on the account that belongs to no attempt. Keep what names it to the operator.
local function own_orphan(account, connection, address, is_to_stop, why, now)
  local key = account_key(account, "orphans")
  local is_read, known = pcall(cjson.decode, redis.call("HGET", key, connection) or "")
  if not is_read or type(known) ~= "table" then
    known = { address = address, first_at = now, times = 0, why = why }
  end
  known.times, known.seen_at = known.times + 1, now
  known.stop = known.stop or is_to_stop
  redis.call("HSET", key, connection, cjson.encode(known))
  return known
end

-- The operator ends every live call of a campaign, also those whose answer is still to come. Returns how many
-- calls have their stop due now.
local function stop_live(campaign, account, patience, now)
  redis.call("HSET", campaign_key(campaign, "meta"), "aborting", 1)
  local stopped, prefix = 0, campaign .. ":"
  for _, attempt in ipairs(redis.call("ZRANGE", account_key(account, "live"), 0, -1)) do
    if string.sub(attempt, 1, #prefix) == prefix then
      local call = call_of(attempt)
      if call.fresh and call.state == CONNECTED then
        move(call, STOPPING)
        owe_stop(account, attempt, "aborted", patience, now)
        stopped = stopped + 1
      end
    end
  end
  return stopped
end

-- Have what was said read once a connection is over, however its call ended.
local function owe_collect(call, account, now)
  local meta, collects = campaign_key(call.campaign, "meta"), known_of(call.campaign).collects
  if collects ~= "1" and collects ~= "2" then
    return
  end
  local conversation, answered_at, erased =
    unpack(redis.call("HMGET", attempt_key(call.attempt), "conversation_id", "answered_at", "erased"))
  local has_conversation = conversation and conversation ~= ""
  -- There is something to read of the call itself only if somebody answered it.
  if not erased and (has_conversation or collects == "2" and answered_at) then
    if redis.call("ZADD", account_key(account, "collect"), exact(now), call.attempt) == 1 then
      redis.call("HINCRBY", meta, "collecting", 1)
    end
  end
end

-- Note what an answer, or its absence, says about the provider: three losses in a row are an outage, in which
-- `claim` allows one probe at a time. Then only the probe counts: starts that were under way before must not
-- lengthen the pause. Any answer in the API's own words ends the outage.
local function hear(account, attempt, signal, now)
  local meta = account_key(account, "meta")
  if signal == "" then
    return
  end
  local queued, failures, probe, probe_at =
    unpack(redis.call("HMGET", meta, "queued_in_row", "failures", "probe", "probe_at"))
  if queued and numeric(queued, 0) < 3 then
    redis.call("HDEL", meta, "quiet_until")
  end
  if signal == "answered" then
    if probe_at then
      happened(account, "outage", "", "over", now)
    end
    if failures or probe or probe_at then
      redis.call("HDEL", meta, "failures", "probe", "probe_at")
    end
  elseif signal == "failed" then
    if numeric(failures, 0) >= 3 and probe ~= attempt then
      return
    end
    failures = increase(meta, "failures", 1)
    if failures == 3 then
      happened(account, "outage", "", "begins", now)
    end
    if failures >= 3 then
      redis.call("HSET", meta, "probe_at", exact(now + math.min(60, 2 ^ (failures - 3))))
    end
  end
end
