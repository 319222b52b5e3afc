--[[
  The rules that decide at a dial, in their order: `begin` asks them until one forbids it, `explain` asks all.

  Each rule gets the facts of a call, and returns in words what it found. If it forbids the dial, it also
  returns "wait" and until when, "skip" and the reason, or "stop": then the campaign stops itself.
]]
local RULES = {}

local function rule(name, judge)
  RULES[#RULES + 1] = { name = name, judge = judge }
end

-- The facts that the rules look at. `closes_at` is when the contact's calling hours end, "" for never;
-- `targets` are the parties to whom its script may transfer the call, a line for each.
local function facts_of(call, account, max_duration, late, closes_at, targets, now)
  local contact, policy = contact_of(call), policy_of(call.campaign)
  if policy.is_unreadable then
    error("the policy of campaign " .. call.campaign .. " can't be read")
  end
  return { call = call, account = account, contact = contact, policy = policy,
    called = called_key(party_of(contact)), meta = campaign_key(call.campaign, "meta"),
    max_duration = tonumber(max_duration), late = late, closes_at = tonumber(closes_at),
    targets = targets, now = now }
end

rule("campaign", function(facts)
  local state, cancelled = unpack(redis.call("HMGET", facts.meta, "state", "cancelled"))
  if cancelled then
    return "cancelled by " .. cancelled, "skip", "cancelled"
  end
  if state ~= "active" then
    return state, "wait", facts.now
  end
  return state
end)

rule("stops", function(facts)
  if too_many_late(facts.account, facts.late, facts.now) then
    return "too many stops are late on this account", "wait", facts.now + 1
  end
  local late = late_stops(facts.account, facts.now)
  if late == 0 then
    return "on time"
  end
  return string.format("%d late; calls wait once more than %d are late by %g s", late, most_late(facts.account), facts.late)
end)

-- The entry of a list that forbids a number or a SIP address: itself, or a prefix; nil for none.
local function entry_for(list, address)
  local entries = { address }
  for length = 2, string.sub(address, 1, 1) == "+" and #address or 0 do
    entries[#entries + 1] = string.sub(address, 1, length) .. "*"
  end
  local found = redis.call("HMGET", list, unpack(entries))
  for at, entry in ipairs(entries) do
    if found[at] then
      return entry
    end
  end
end

rule("do_not_call", function(facts)
  local list = ROOT .. "do_not_call"
  if redis.call("HLEN", list) == 0 then
    return "nobody is on the list"
  end
  local entry = entry_for(list, facts.contact.p or facts.contact.s)
  if entry then
    return entry .. " is on the list", "skip", "do_not_call"
  end
  for target in string.gmatch(facts.targets, "[^\n]+") do
    entry = entry_for(list, target)
    if entry then
      return "it may be transferred to " .. entry .. ", which is on the list", "skip", "do_not_call"
    end
  end
  return "not on the list"
end)

-- Until when an attempt may be live; nil when it is over.
local function live_until(attempt, now)
  local other = call_of(attempt)
  local account = redis.call("HGET", campaign_key(other.campaign, "meta"), "account")
  if not account then
    return nil
  end
  local deadline = redis.call("ZSCORE", account_key(account, "live"), attempt)
  local held = numeric(redis.call("ZSCORE", account_key(account, "held"), attempt), 0)
  if deadline or held > now then
    return math.max(numeric(deadline, 0), held)
  end
  return other.fresh and other.state == DIALING and now or nil
end

-- Never two live calls to one party. A call that began more than a day ago is not live.
rule("one_at_a_time", function(facts)
  local recent = redis.call("ZRANGEBYSCORE", facts.called, exact(facts.now - 2 * 86400), "+inf")
  for at = #recent, 1, -1 do
    local until_at = recent[at] ~= facts.call.attempt and live_until(recent[at], facts.now)
    if until_at then
      -- It may end before its deadline, so the rule is asked again soon.
      return recent[at] .. " is live", "wait", facts.now + math.max(1, math.min(15, until_at - facts.now))
    end
  end
  return "no other call to this party is live"
end)

-- Whether a cap applies to this contact. A cap that names no states applies to everybody; "*" among a
-- contact's states means all of them. `openings.py` decides the same for hours.
local function is_held_to(contact, cap)
  if not is_set(cap.states) or #cap.states == 0 then
    return true
  end
  for _, its_own in ipairs(contact.t or {}) do
    for _, state in ipairs(cap.states) do
      if its_own == "*" or its_own == state then
        return true
      end
    end
  end
  return false
end

-- When a cap allows one more call: once the oldest of the calls that fill it is out of the period.
local function cap_allows_at(facts, cap)
  local from = "(" .. exact(facts.now - cap.per_seconds)
  local rung = redis.call("ZRANGEBYSCORE", facts.called, from, "+inf", "WITHSCORES")
  local instants = {}
  for at = 1, #rung, 2 do
    if rung[at] ~= facts.call.attempt then
      instants[#instants + 1] = tonumber(rung[at + 1])
    end
  end
  if #instants < cap.calls then
    return facts.now, #instants
  end
  return instants[#instants - cap.calls + 1] + cap.per_seconds, #instants
end

-- The last instant at which this contact may be called; nil for none.
local function last_at(facts)
  local last
  for _, at in ipairs({ facts.policy.not_after, facts.contact.a }) do
    if is_set(at) and (not last or at < last) then
      last = at
    end
  end
  return last
end

rule("caps", function(facts)
  local said, allowed_at = {}, facts.now
  for _, cap in ipairs(facts.policy.caps or {}) do
    if is_held_to(facts.contact, cap) then
      local at, count = cap_allows_at(facts, cap)
      said[#said + 1] = string.format("%d of %d calls in %g h (%s)", count, cap.calls, cap.per_seconds / 3600, cap.name)
      allowed_at = math.max(allowed_at, at)
    end
  end
  local found = #said > 0 and table.concat(said, ", ") or "none"
  if allowed_at <= facts.now then
    return found
  end
  local last = last_at(facts)
  if facts.policy.when_capped == "skip" or (last and allowed_at >= last) then
    return found, "skip", "capped"
  end
  return found, "wait", allowed_at
end)

rule("budget", function(facts)
  local budget = facts.policy.budget_seconds
  if not is_set(budget) then
    return "none"
  end
  local spent = numeric(redis.call("HGET", facts.meta, "spent"), 0)
  local found = string.format("%.1f of %.1f minutes are spent or may be by live calls", spent / 60, budget / 60)
  if spent + facts.max_duration <= budget then
    return found
  end
  for _, count in ipairs(redis.call("HMGET", campaign_key(facts.call.campaign, "counts"), DIALING, CONNECTED, STOPPING)) do
    if numeric(count, 0) > 0 then
      -- A live call that ends early gives some of it back.
      return found, "wait", facts.now + 1
    end
  end
  return found, "stop", "budget: " .. found
end)

rule("closing", function(facts)
  if facts.closes_at and facts.now >= facts.closes_at then
    -- `claim` found the hours open a moment ago; after this wait it will find them closed.
    return "its calling hours end", "wait", facts.now + 2
  end
  return facts.closes_at and "inside the calling hours" or "no calling hours"
end)
