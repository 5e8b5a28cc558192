/// How fields of the keys are read. A field that no script writes is kept as unreadable: it is a finding, not an error.
extension RedisContents {
    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Hands out names and values of a flat reply.
    static func pairs(_ reply: RedisReply, _ body: ([UInt8], [UInt8]) -> Void) {
        guard let parts = reply.elements else { return }
        for index in stride(from: 0, to: parts.count - 1, by: 2) {
            body(parts[index].bytes ?? [], parts[index + 1].bytes ?? [])
        }
    }

    mutating func addUser(_ name: [UInt8], _ value: [UInt8], _ keys: SaleKeys) {
        addCount(name, value, keys.users, \.users)
    }

    mutating func addBought(_ name: [UInt8], _ value: [UInt8], _ keys: SaleKeys) {
        addCount(name, value, keys.bought, \.bought)
    }

    private mutating func addCount(
        _ name: [UInt8],
        _ value: [UInt8],
        _ key: String,
        _ path: WritableKeyPath<RedisContents, [UserID: Int64]>
    ) {
        guard let number = RedisReply.decimal(value), let user = UserID(recorded: name) else {
            return addUnreadable(name, key)
        }
        if user.isEmpty {
            sentinels[key] = number
        } else {
            self[keyPath: path][user] = number
        }
    }

    mutating func addBan(_ name: [UInt8], _ value: [UInt8], _ keys: SaleKeys) {
        if name.isEmpty {
            sentinels[keys.banned] = RedisReply.decimal(value)
        } else if let user = UserID(recorded: name) {
            banned[user] = RedisContents.text(value)
        } else {
            addUnreadable(name, keys.banned)
        }
    }

    mutating func addHold(_ name: [UInt8], _ value: [UInt8], _ keys: SaleKeys) {
        if name.isEmpty { return sentinels[keys.holds] = RedisReply.decimal(value) }
        let parts = value.split(separator: 9, omittingEmptySubsequences: false)
        guard let id = HoldID(hex: name), parts.count == 4, let item = Decimal63.parse(parts[1]),
            let deadline = Decimal63.parse(parts[2]), parts[3].count == 1, let keyed = parts[3].first,
            "01x".utf8.contains(keyed), let user = UserID(recorded: parts[0])
        else { return addUnreadable(name, keys.holds) }
        holds[id] = Hold(user: user, item: item, deadline: deadline, keyed: keyed)
    }

    /// The epoch that this member of the deadlines marks; nil for a hold.
    static func epoch(ofSentinel name: [UInt8]) -> Int64? {
        let member = text(name)
        return member.hasPrefix("epoch:") ? Int64(member.dropFirst(6)) ?? -1 : nil
    }

    mutating func addDeadline(_ name: [UInt8], _ value: [UInt8], _ keys: SaleKeys) {
        if let epoch = RedisContents.epoch(ofSentinel: name) {
            // Two sentinels are as wrong as none.
            let known = sentinels[keys.deadlines] != nil
            return sentinels[keys.deadlines] = known ? -1 : epoch
        }
        guard let id = HoldID(hex: name), let time = RedisReply.decimal(value) else {
            return addUnreadable(name, keys.deadlines)
        }
        deadlines[id] = time
    }

    mutating func addSettled(_ name: [UInt8], _ keys: SaleKeys) {
        guard let id = HoldID(hex: name) else { return addUnreadable(name, keys.settled) }
        settled.insert(id)
    }

    mutating func addReceipt(_ name: [UInt8], _ value: [UInt8], _ keys: SaleKeys) {
        if name.isEmpty { return sentinels[keys.receipts] = RedisReply.decimal(value) }
        let parts = value.split(separator: 9, omittingEmptySubsequences: false)
        guard let id = HoldID(hex: name), parts.count == 7, let unit = Decimal63.parse(parts[0]),
            let slot = Decimal63.parse(parts[1]), let item = Decimal63.parse(parts[3]),
            let time = Decimal63.parse(parts[5]), let deadline = Decimal63.parse(parts[6]),
            let user = UserID(recorded: parts[2])
        else { return addUnreadable(name, keys.receipts) }
        receipts[id] = Receipt(
            unit: unit,
            slot: slot,
            user: user,
            item: item,
            ticket: RedisContents.text(Array(parts[4])),
            time: time,
            deadline: deadline
        )
    }

    private mutating func addUnreadable(_ name: [UInt8], _ key: String) {
        // Whatever stands there must not end up in a message as it is.
        let shown = name.prefix(64).map { (33...126).contains($0) ? Character(UnicodeScalar($0)) : "?" }
        unreadable.append("the field '\(String(shown))' of \(key)")
    }
}
