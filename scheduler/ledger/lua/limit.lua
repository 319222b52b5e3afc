--[[
  What a decision about the account's limit is made from.

    ARGV[1]  account
    ARGV[2]  now  "" for the server's clock

  Returns version, learned, refusals, raise_at, step (each "" when nothing is known), the number of live
  connections (with those that may be: whose answer was lost) and of slots in use, how many 429s came
  in a row, how many starts were accepted since the last one, and the instant.
]]
return see_limit(ARGV[1], clock(ARGV[2]))
