--[[
  Keep words of a call until a worker makes its transcript of them.

    ARGV[1]  attempt
    ARGV[2]  news_id  unique to them in their call
    ARGV[3]  words    JSON
    ARGV[4]  most     that are kept of a call
    ARGV[5]  lasts    seconds that they stay once the transcript is made
    ARGV[6]  waits    seconds that they stay at most until then
    ARGV[7]  now      "" for the server's clock

  Returns 1; 0 when they were kept before, there are too many, or nothing is kept of the call.
]]
local attempt, news, words, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local now = clock(ARGV[7])
local record = attempt_key(attempt)
local kept = record .. ":words"

local begun_at, erased, collected_at = unpack(fields_of(record, "begun_at", "erased", "collected_at"), 1, 3)
if not begun_at or erased then
  return 0
end
local length = redis.call("HLEN", kept)
if length >= most then
  return 0
end
-- Words without an instant keep the order in which they arrived.
if redis.call("HSETNX", kept, news, string.format("%d %s %s", length, exact(now), words)) == 0 then
  return 0
end
redis.call("EXPIRE", kept, collected_at and ARGV[5] or ARGV[6])
return 1
