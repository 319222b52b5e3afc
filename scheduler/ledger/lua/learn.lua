--[[
  Replace the learned limit, unless it has changed since the caller looked at it.

    ARGV[1]  account
    ARGV[2]  version   of the limit that was seen
    ARGV[3…7]  learned, refusals, raise_at, step, had
    ARGV[8…10]  who, note, token of the operator; who is "" when it was learned
    ARGV[11]  now  "" for the server's clock

  Returns 1; 0 when another worker has changed it since.
]]
local account, seen = ARGV[1], ARGV[2]
local now = clock(ARGV[11])

if not set_limit(account, now, seen, unpack(ARGV, 3, 7)) then
  return 0
end
put_on_record("", account, "limit", ARGV[8], ARGV[9], ARGV[10], now)
return 1
