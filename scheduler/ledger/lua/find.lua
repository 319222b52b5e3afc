--[[
  A search for a lost call has found candidates: attach the one that it must be, in one step.

  A connection belongs to one attempt, so a connection that has an attempt is no candidate. While another attempt
  to the number on this account is dialing or unknown, nobody can tell whose connection it is. It is attached by
  itself only if nobody else uses the account; else it is kept for the operator. If there are several, the call
  was placed more than once: all of them become orphans whose stops are owed.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  is_exclusive  "1" when nobody else uses the account
    ARGV[4]  next_in       seconds until the next search
    ARGV[5]  margin        seconds from the last ringing to the deadline before the answer
    ARGV[6]  patience      seconds for which a stop that is not confirmed keeps its slot
    ARGV[7]  now           "" for the server's clock
    ARGV[8…] connection and address of each candidate that has its party, its window and its caller id

  Returns "attached" and the connection; "none"; "kept" (for the operator); "contested" (by another attempt);
  "several"; or "over", if the search has ended because an answer came or the slot is free.
]]
local account, attempt, is_exclusive = unpack(ARGV, 1, 3)
local next_in, margin, patience, now = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), clock(ARGV[7])
local call, record = call_of(attempt), attempt_key(attempt)
local searches = account_key(account, "searches")

redis.call("HSET", account_key(account, "meta"), "exclusive", is_exclusive) -- for a command that waits for a search
local connection, found, begun_at, hold, waits, max_duration, stop_wanted = unpack(redis.call("HMGET", record,
  "connection_id", "found", "begun_at", "hold", "waits", "max_duration", "stop_wanted"))
local is_unknown, waits_again = is_lost(call)
local begun, horizon = numeric(begun_at, now), numeric(begun_at, now) + numeric(hold, 0)
if now >= horizon or not found and (connection or not is_unknown) then
  redis.call("ZREM", searches, attempt)
  return { "over", "" }
end
redis.call("ZADD", searches, "XX", exact(now + next_in), attempt)

local candidates, addresses = {}, {}
for at = 8, #ARGV, 2 do
  if redis.call("EXISTS", owner_key(ARGV[at])) == 0 then
    candidates[#candidates + 1], addresses[ARGV[at]] = ARGV[at], ARGV[at + 1]
  end
end
if #candidates == 0 then
  return { "none", "" }
end
redis.call("HSET", record, "candidates", table.concat(candidates, "\n"))

if in_question(account, attempt)[addresses[candidates[1]]] then
  return { "contested", "" }
end
if is_exclusive ~= "1" then
  return { "kept", "" }
end
if found or #candidates > 1 then
  -- The call was placed more than once.
  for _, one in ipairs(candidates) do
    own_orphan(account, one, addresses[one], true, attempt .. " was placed more than once", now)
  end
  return { "several", "" }
end

local one = candidates[1]
bind(one, attempt)
local deadline = begun + numeric(waits, 0) + margin
redis.call("HSET", record, "connection_id", one, "found", 1, "stage", "ringing", "conversation_id", "", "details", "",
  "started_at", exact(begun), "deadline", exact(deadline))
redis.call("ZREM", account_key(account, "held"), attempt)
for _, part in ipairs({ "slots", "live" }) do
  redis.call("ZADD", account_key(account, part), exact(deadline), attempt)
end
revive(account, call, waits_again)
count(account, "found")
happened(account, "found", attempt, "", now)
if stop_wanted or redis.call("HEXISTS", campaign_key(call.campaign, "meta"), "aborting") == 1 then
  move(call, STOPPING)
  owe_stop(account, attempt, "aborted", patience, now)
end
return { "attached", one }
