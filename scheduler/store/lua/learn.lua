--[[
  Replace the learned limit, if it is still the one that was looked at.

    ARGV[1]  account
    ARGV[2]  version   of the limit that was seen
    ARGV[3…6]  learned, refusals, raise_at, step

  Returns 1; 0 when another worker has changed it since.
]]
local account, seen = ARGV[1], ARGV[2]
local meta = account_key(account, "meta")

return set_limit(meta, seen, unpack(ARGV, 3, 6)) and 1 or 0
