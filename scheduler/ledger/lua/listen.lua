--[[
  Renew a listener's leases, and give it more connections to which nobody listens.

  The key `ears` has the leases: the score of an attempt is when its lease runs out. If a listener dies, its leases
  run out, and another listener takes them. The attempt's record says which listener has the lease (`ear`), and
  whether a socket is open.

    ARGV[1]  account
    ARGV[2]  listener  who asks
    ARGV[3]  lease     length of a lease in seconds
    ARGV[4]  room      how many more the listener can take
    ARGV[5]  now       "" for the server's clock
    ARGV[6…] attempt and its socket's state ("open" or "shut"), for each lease that it has

  Returns the attempts whose lease it has lost; then for each one taken: attempt, connection_id,
  conversation_id, details, event_url and result_websocket_url (instead of details, if the previous release
  connected it), and "1" if a socket of it has been open before; then those of the lost ones whose connection
  the ledger does not know any more.
]]
local account, listener, lease, room = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local now = clock(ARGV[5])
local ears, until_at = account_key(account, "ears"), exact(now + lease)

-- Renew a lease; false if it has been taken away.
local function renew(attempt)
  return redis.call("ZADD", ears, "XX", "CH", until_at, attempt) == 1 or redis.call("ZSCORE", ears, attempt)
end

local lost, taken, forgotten = {}, {}, {}
for at = 6, #ARGV, 2 do
  local attempt, socket = ARGV[at], ARGV[at + 1]
  local record = attempt_key(attempt)
  local owner, before = unpack(redis.call("HMGET", record, "ear", "socket"))
  if owner ~= listener or not renew(attempt) then
    lost[#lost + 1] = attempt
    if redis.call("HEXISTS", record, "connection_id") == 0 then
      forgotten[#forgotten + 1] = attempt
    end
  elseif before ~= socket then
    redis.call("HSET", record, "socket", socket)
    if socket == "open" then
      redis.call("HSET", record, "heard", 1)
    end
  end
end

if room > 0 then
  for _, attempt in ipairs(redis.call("ZRANGEBYSCORE", ears, "-inf", exact(now), "LIMIT", 0, room)) do
    local record = attempt_key(attempt)
    local connection, conversation, details, event_url, socket_url, heard = unpack(fields_of(record,
      "connection_id", "conversation_id", "details", "event_url", "result_websocket_url", "heard"), 1, 6)
    if not is_attempt(attempt) then
      set_aside(account, "ears", attempt, "it is no attempt")
    elseif connection then
      redis.call("ZADD", ears, until_at, attempt)
      redis.call("HSET", record, "ear", listener, "socket", "shut")
      for _, value in ipairs({ attempt, connection, conversation, details, event_url, socket_url, heard or "" }) do
        taken[#taken + 1] = value
      end
    else
      redis.call("ZREM", ears, attempt)
    end
  end
end
return { lost, taken, forgotten }
