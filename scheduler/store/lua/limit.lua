--[[
  What a decision about the account's limit is made from.

    ARGV[1]  account
    ARGV[2]  now  "" for the server's clock

  Returns version, learned, refusals, raise_at (each "" when nothing is known), the number of live
  connections (with those that may be: whose answer was lost) and of slots in use, how many 429s came in a row, and the instant.
]]
local account, now = ARGV[1], clock(ARGV[2])
local version, learned, refusals, raise_at, in_row = unpack(redis.call("HMGET", account_key(account, "meta"),
  "limit_version", "learned", "refusals", "raise_at", "refused_in_row"))
local held, live = account_key(account, "held"), account_key(account, "live")
return { version or "0", learned or "", refusals or "", raise_at or "",
  redis.call("ZCARD", live) + redis.call("ZCARD", held), redis.call("ZCARD", account_key(account, "slots")), in_row or "0", exact(now) }
