--[[
  Which parties do other campaigns of the same name on the same account have? `load` leaves these out,
  `repeats` counts them beforehand.
]]

-- Unpack the next row that records.pack_row has packed; return also where the one after it begins.
local function unpack_row(rows, at)
  return struct.unpack(">Bc0Bc0Bc0Hc0Ic0d", rows, at)
end

-- The other campaigns of a name that may have called somebody since an instant; nil if there are none. The
-- list `open` has those that may still call somebody.
local function namesakes(campaign, account, name, since)
  local others, is_any = { since = since, by_id = {}, open = {} }, false
  for _, other in ipairs(redis.call("ZRANGEBYSCORE", named_key(account, name), exact(since), "+inf")) do
    local state, cancelled = unpack(redis.call("HMGET", campaign_key(other, "meta"), "state", "cancelled"))
    if other ~= campaign then
      others.by_id[other], is_any = true, true
      -- The state decides: a worker of an earlier release finishes a campaign without writing this key.
      if state ~= "finished" then
        table.insert(others.open, { campaign = other, known = campaign_key(other, "known"), cancelled = cancelled })
      end
    end
  end
  return is_any and others or nil
end

-- Which of these campaigns has a party, and when it called the party; no instant if it has not called yet.
-- `party` is its digest, `record` that of its contact.
local function who_has(others, party, record)
  for _, other in ipairs(others.open) do
    local row = redis.call("HGET", other.known, party)
    local state = row and call_at(other.campaign, row).state or ENDED
    -- A call that waits in a cancelled campaign is never dialled.
    if state ~= ENDED and not (state == PENDING and other.cancelled) then
      return other.campaign
    end
  end
  local rung = redis.call("ZRANGEBYSCORE", called_key(party_of(cjson.decode(record))), exact(others.since),
    "+inf", "WITHSCORES")
  for at = #rung - 1, 1, -2 do
    local campaign = string.match(rung[at], "^(.+):%d+:%d+$")
    if others.by_id[campaign] then
      return campaign, rung[at + 1]
    end
  end
end
