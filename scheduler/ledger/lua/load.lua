--[[
  Add a chunk of rows to a campaign. Rows that it knows already change nothing, with one exception: if their
  party has come onto a do-not-call list since, a call to it that waits is skipped.

  A row is known by its identity: the file's id, else the party. The second row of a file with the same identity
  is known as "identity#2", and so on. So that the same file, submitted again, gets the same identities, each load
  counts how often it has met an identity. It does not count the meeting by which it adds the identity itself:
  a million new rows count nothing.

  If this campaign was created with a window, a new row is skipped if another campaign of this name has called
  its party lately, or has yet to call it. The row is known like any other, so that the same file, submitted
  again, changes nothing. The step that looks also adds the row: of two campaigns that load a party at once,
  one gets it.

    ARGV[1]  campaign
    ARGV[2]  load      token of this load
    ARGV[3]  chunk     number of this chunk, counted from 1
    ARGV[4]  now       "" for the server's clock
    ARGV[5]  rows      packed one after the other as records.pack_row does: identity, party (empty
                       if the row is not called), reason (empty if it is called), error,
                       record, due_at (0: now)

  Returns "added", "again" (this chunk was added before), "missing" (there is no such campaign) or
  "retired" (the ledger has forgotten whom it called, so nobody could tell who would be called twice).

  A number that is dialled without key presses is found by its party. For all others, and for rows that are not
  called, `known` maps "a" and the address to their rows, or to "*" if there are many.
]]
local campaign, load, chunk = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now, rows = clock(ARGV[4]), ARGV[5]
local meta, counts = campaign_key(campaign, "meta"), campaign_key(campaign, "counts")
local contacts, known = campaign_key(campaign, "contacts"), campaign_key(campaign, "known")
local due, seen = campaign_key(campaign, "due"), campaign_key(campaign, "seen:" .. load)

local state, account, total, cancelled, name, window =
  unpack(redis.call("HMGET", meta, "state", "account", "total", "cancelled", "name", "repeat_window"))
if not state then
  return "missing"
end
if redis.call("HEXISTS", meta, "retired") == 1 then
  return "retired"
end
local done, first, last, others = unpack(redis.call("HMGET", seen, "chunk", "first", "last", "others"))
if numeric(done, 0) >= chunk then
  return "again"
end

-- This load has added all rows after `first`, except those that another load has added between two chunks of
-- this one: `others` has these, each as "from-to,".
total, others = tonumber(total), others or ""
first, last = numeric(first, total), numeric(last, total)
if total > last then
  others = others .. (last + 1) .. "-" .. total .. ","
end

local function is_ours(row)
  for from, to in string.gmatch(others, "(%d+)-(%d+),") do
    if row >= tonumber(from) and row <= tonumber(to) then
      return false
    end
  end
  return row > first
end

-- Whether an identity becomes known by this row; and how often this load has met it, including this time.
local function meet(identity, row)
  if redis.call("HSETNX", known, identity, row) == 1 then
    return true, 1
  end
  local times = redis.call("HINCRBY", seen, identity, 1)
  return false, times + (is_ours(tonumber(redis.call("HGET", known, identity))) and 1 or 0)
end

local function skip(row, reason, message)
  local call = call_at(campaign, row)
  redis.call("HSET", call.key, "state", ENDED, "disposition", "skipped", "reason", reason,
    "ended_at", exact(now))
  if message ~= "" then
    redis.call("HSET", call.key, "error", message)
  end
  tally(campaign, "skipped", reason, 1)
end

-- A party that has come onto a do-not-call list since is not called, unless the call is under way.
local function leave_out(row, reason, message)
  local call = call_at(campaign, row)
  if call.state == PENDING and end_call(call, "skipped", reason, message, now) then
    redis.call("ZREM", due, row)
  end
end

local MOST_ROWS_OF_ADDRESS = 200 -- bytes

local function index_address(record, row, is_called)
  local contact = cjson.decode(record)
  local address = contact.p or contact.s or ""
  local is_whole = string.find(address, "^%+%d") or string.find(address, "^sips?:")
  if not is_whole or (is_called and not contact.d) then
    return
  end
  local rows = redis.call("HGET", known, "a" .. address)
  if not rows then
    redis.call("HSET", known, "a" .. address, row)
  elseif rows ~= "*" then
    rows = rows .. " " .. row
    redis.call("HSET", known, "a" .. address, #rows > MOST_ROWS_OF_ADDRESS and "*" or rows)
  end
end

local of_name = window and namesakes(campaign, account, name, now - tonumber(window))
local added, ended, at, waiting = 0, 0, 1, {}
while at <= #rows do
  local identity, party, reason, message, record, due_at
  identity, party, reason, message, record, due_at, at = unpack_row(rows, at)
  local row = total + added + 1
  local is_new, times = meet(identity, row)
  if not is_new and times > 1 then
    is_new = redis.call("HSETNX", known, identity .. "#" .. times, row) == 1
  end
  -- If several rows have the same id, only the first counts for its party.
  local is_first = times > 1 or party == "" or party == identity
  if not is_first then
    is_first = not is_new and redis.call("HEXISTS", known, party) == 0 or meet(party, row)
  end
  if is_new then
    added = added + 1
    redis.call("XADD", contacts, row .. "-0", "c", record)
    if reason == "" and (times > 1 or not is_first) then
      reason = "duplicate"
    elseif reason == "" and cancelled then
      reason = "cancelled"
    elseif reason == "" and of_name then
      local earlier, called_at = who_has(of_name, party, record)
      if earlier then
        reason = "already_called"
        redis.call("HSET", ROOT .. "call:" .. campaign .. ":" .. row, "earlier", earlier, "earlier_at", called_at or "")
      end
    end
    if reason ~= "" or string.find(record, '"d":', 1, true) then
      index_address(record, row, reason == "")
    end
    if reason == "" then
      -- A microsecond apart, so that calls are dialled in the order of the file.
      waiting[#waiting + 1] = due_at > now and exact(due_at + row * 1e-6) or exact(now + added * 1e-6)
      waiting[#waiting + 1] = row
    else
      ended = ended + 1
      skip(row, reason, message)
    end
  elseif reason == "do_not_call" then
    leave_out(redis.call("HGET", known, identity), reason, message)
  end
end
for from = 1, #waiting, 1000 do
  redis.call("ZADD", due, unpack(waiting, from, math.min(from + 999, #waiting)))
end
redis.call("HSET", seen, "chunk", chunk, "first", first, "last", total + added, "others", others)
redis.call("EXPIRE", seen, 86400)
redis.call("HSET", meta, "total", total + added)
if redis.call("HEXISTS", meta, "columned") == 1 then
  redis.call("HINCRBY", meta, "columned", added)
end
if state == "loading" then
  redis.call("HSET", meta, "loaded_at", exact(now))
end
redis.call("HINCRBY", counts, PENDING, added - ended)
redis.call("HINCRBY", counts, ENDED, ended)
to_count(campaign)

-- A finished campaign that gets new calls goes on. A campaign whose last calls are left out is finished.
if added > ended then
  go_on(campaign, account)
end
close_when_done(campaign, now)
return "added"
