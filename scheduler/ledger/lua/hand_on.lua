--[[
  Record an end, and claim the next call for the slot that it frees: `confirm` and `claim` in one script.

    ARGV[1…7]  account, attempt, disposition, reason, conversation_id, summaries, ago: as for `confirm`
    ARGV[8…16] token, ceiling, fingerprint, only, lease, probe, first, late, rate: as for `claim`
    ARGV[17]   now  "" for the server's clock

  Returns what the two return. It claims even if the end was on record, because an execution whose reply was lost
  has to get its claim again.
]]
local account, attempt, disposition, reason, conversation, summaries, ago = unpack(ARGV, 1, 7)
local token, ceiling, fingerprint, only, lease, probe, first, late, rate, now = unpack(ARGV, 8, 17)

local ended = confirm({ account, attempt, disposition, reason, conversation, summaries, ago, now })
local found = claim({ account, token, ceiling, fingerprint, only, lease, probe, first, late, rate, now })
return { ended, found or false }
