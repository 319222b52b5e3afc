--[[
  Compare the open calls of an account with the ledger: which of them has no attempt?

  A call is an orphan if two sweeps have seen it, and no attempt to its number is dialing or unknown, to which it
  could belong. Before that it is only remembered. A call that is no longer listed is forgotten, unless its stop
  is owed.

    ARGV[1]  account
    ARGV[2]  may_stop  "1" to stop orphans, because nobody else uses the account, and the ledger is not the private
                       one of this machine
    ARGV[3]  now       "" for the server's clock
    ARGV[4…] connection and address of each open call that is ours and older than a minute

  Returns how many orphans there are.
]]
local account, may_stop, now = ARGV[1], ARGV[2], clock(ARGV[3])
local key = account_key(account, "orphans")

local questions = in_question(account, "")
local seen, orphans = {}, 0
for at = 4, #ARGV, 2 do
  local connection, address = ARGV[at], ARGV[at + 1]
  seen[connection] = true
  if redis.call("EXISTS", owner_key(connection)) == 1 or questions[address] then
    redis.call("HDEL", key, connection)
  else
    local known = own_orphan(account, connection, address, false, "no attempt has it", now)
    if known.times >= 2 then
      orphans = orphans + 1
      if may_stop == "1" and not known.stop then
        known.stop = true
        redis.call("HSET", key, connection, cjson.encode(known))
      end
    end
  end
end
local remembered = redis.call("HGETALL", key)
for at = 1, #remembered, 2 do
  local is_read, known = pcall(cjson.decode, remembered[at + 1])
  if not seen[remembered[at]] and not (is_read and known.stop) then
    redis.call("HDEL", key, remembered[at])
  end
end
return orphans
