--[[
  Add a chunk of rows to a campaign. Rows that it knows already change nothing.

  A row is known by its identity: the file's id, else the party. The second row of a file with the
  same identity is known as "identity#2", and so on: hence the counter of what this load has seen,
  which makes the same file, submitted again, meet the same identities.

    ARGV[1]  campaign
    ARGV[2]  load      token of this load
    ARGV[3]  chunk     number of this chunk, counted from 1
    ARGV[4]  now       "" for the server's clock
    ARGV[5…] five for each row: identity, party (digests; party "" when the row is not called),
             record, reason ("" when it is to be called), error

  Returns "added", "again" (this chunk was added before) or "missing" (there is no such campaign).
]]
local campaign, load, chunk = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock(ARGV[4])
local meta, counts = campaign_key(campaign, "meta"), campaign_key(campaign, "counts")
local contacts, known = campaign_key(campaign, "contacts"), campaign_key(campaign, "known")
local due, seen = campaign_key(campaign, "due"), campaign_key(campaign, "seen:" .. load)

local state, account = unpack(redis.call("HMGET", meta, "state", "account"))
if not state then
  return "missing"
end
if tonumber(redis.call("HGET", seen, "chunk") or 0) >= chunk then
  return "again"
end
redis.call("HSET", seen, "chunk", chunk)
redis.call("EXPIRE", seen, 86400)

local function nth(identity)
  local times = redis.call("HINCRBY", seen, identity, 1)
  return times, times == 1 and identity or identity .. "#" .. times
end

local added, ended = 0, 0
for at = 5, #ARGV, 5 do
  local identity, party, record, reason, message = unpack(ARGV, at, at + 4)
  local times, name = nth(identity)
  if party ~= "" and party ~= identity then
    nth(party)
  end
  if redis.call("HEXISTS", known, name) == 0 then
    local row = redis.call("HINCRBY", meta, "total", 1)
    redis.call("XADD", contacts, row .. "-0", "c", record)
    redis.call("HSET", known, name, row)
    if reason == "" and times > 1 then
      reason = "duplicate"
    elseif reason == "" and party ~= identity and redis.call("HSETNX", known, party, row) == 0 then
      reason = "duplicate"
    end
    added = added + 1
    if reason == "" then
      -- A microsecond apart, so that calls are dialled in the order of the file.
      redis.call("ZADD", due, exact(now + added * 1e-6), row)
    else
      ended = ended + 1
      local call = call_at(campaign, row)
      redis.call("HSET", call.key, "state", ENDED, "disposition", "skipped", "reason", reason,
        "ended_at", exact(now))
      if message ~= "" then
        redis.call("HSET", call.key, "error", message)
      end
      tally(campaign, "skipped", reason, 1)
    end
  end
end
redis.call("HINCRBY", counts, PENDING, added - ended)
redis.call("HINCRBY", counts, ENDED, ended)

-- New calls for a campaign that had come to its end: it goes on.
if added > ended then
  go_on(campaign, account)
end
return "added"
