--[[
  Put a value into a field of a hash if it still has the one that was read.

    ARGV[1]  key, without the root
    ARGV[2]  field
    ARGV[3]  the value that was read
    ARGV[4]  the one to put there

  Returns 1, or 0 when somebody else was first.
]]
local key = KEYS[1] .. ARGV[1]
if redis.call("HGET", key, ARGV[2]) ~= ARGV[3] then
  return 0
end
redis.call("HSET", key, ARGV[2], ARGV[4])
return 1
