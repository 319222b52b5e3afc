--[[
  Put entries on the do-not-call list. An entry that is on it already stays as it was first written.

    ARGV[1]  why
    ARGV[2]  now     "" for the server's clock
    ARGV[3…] entries: numbers, prefixes such as +1202*, SIP addresses

  Returns how many of them were not on it.
]]
local why, now = ARGV[1], clock(ARGV[2])
local added = 0

for at = 3, #ARGV do
  added = added + put_on_list(ARGV[at], why, now)
end
return added
