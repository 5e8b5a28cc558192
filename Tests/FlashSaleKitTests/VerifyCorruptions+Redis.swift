@testable import FlashSaleKit

/// What may go wrong in Redis, and with the cursors.
extension Corruption {
    static let inHolds: [Corruption] = [
        Corruption("phantom hold", .holds) { market, random in
            let id = HoldID(high: random.next(), low: random.next()).description
            let deadline = "\(try await market.shop.store.now().adding(milliseconds: 60_000).microseconds)"
            try await market.send("HSET", market.open.keys.holds, id, "ghost\t7\t\(deadline)\t0")
            try await market.send("ZADD", market.open.keys.deadlines, deadline, id)
            try await market.send("HINCRBY", market.open.keys.sale, "held", "1")
            try await market.send("HINCRBY", market.open.keys.sale, "free", "-1")
            return "hold \(id) of user 'ghost'"
        },
        Corruption("missing hold", .holds) { market, random in
            let victim = try await market.pickField(market.open.keys.holds, &random)
            try await market.send("HDEL", market.open.keys.holds, victim.field)
            try await market.send("ZREM", market.open.keys.deadlines, victim.field)
            return "hold \(victim.field)"
        },
        Corruption("missing deadline", .deadlines) { market, random in
            let victim = try await market.pickField(market.open.keys.holds, &random)
            try await market.send("ZREM", market.open.keys.deadlines, victim.field)
            return "hold \(victim.field)"
        },
        Corruption("another deadline", .holds) { market, random in
            let victim = try await market.pickField(market.open.keys.holds, &random)
            let later = "\(try await market.shop.store.now().adding(milliseconds: 600_000).microseconds)"
            let value = VerifyMarket.replacing(2, in: victim.value, with: later)
            try await market.send("HSET", market.open.keys.holds, victim.field, value)
            try await market.send("ZADD", market.open.keys.deadlines, later, victim.field)
            return "hold \(victim.field)"
        },
        Corruption("another item", .holds) { market, random in
            let victim = try await market.pickField(market.open.keys.holds, &random)
            let value = VerifyMarket.replacing(1, in: victim.value, with: "8")
            try await market.send("HSET", market.open.keys.holds, victim.field, value)
            return "hold \(victim.field)"
        },
        Corruption("unreadable hold", .sentinels) { market, random in
            let victim = try await market.pickField(market.open.keys.holds, &random)
            try await market.send("HSET", market.open.keys.holds, victim.field, "nonsense")
            return "'\(victim.field)' of \(market.open.keys.holds)"
        },
        Corruption("hold of another sale", .belonging) { market, random in
            let victim = try await market.pickField(market.other.keys.holds, &random)
            try await market.send("HSET", market.open.keys.holds, victim.field, victim.value)
            return "hold \(victim.field)"
        },
    ]

    static let inReceipts: [Corruption] = [
        Corruption("receipt without purchase", .receipts) { market, random in
            let id = HoldID(high: random.next(), low: random.next()).description
            try await market.send("HSET", market.open.keys.receipts, id, "9\t1\tghost\t7\t\t1700000000000000\t1")
            return "hold \(id) of user 'ghost'"
        },
        Corruption("missing receipt", .receipts) { market, random in
            let victim = try await market.pickField(market.open.keys.receipts, &random)
            try await market.send("HDEL", market.open.keys.receipts, victim.field)
            return "hold \(victim.field)"
        },
        Corruption("receipt of another unit", .receipts) { market, random in
            let victim = try await market.pickField(market.open.keys.receipts, &random)
            let value = VerifyMarket.replacing(0, in: victim.value, with: "27")
            try await market.send("HSET", market.open.keys.receipts, victim.field, value)
            return "hold \(victim.field)"
        },
        Corruption("receipt with another ticket", .receipts) { market, random in
            let victim = try await market.pickField(market.open.keys.receipts, &random)
            let value = VerifyMarket.replacing(4, in: victim.value, with: "forged")
            try await market.send("HSET", market.open.keys.receipts, victim.field, value)
            return "hold \(victim.field)"
        },
    ]

    static let inCounters: [Corruption] =
        ["free", "held", "sold"].map { counter in
            Corruption("\(counter) off by one", .units) { market, random in
                try await market.send("HINCRBY", market.open.keys.sale, counter, random.chance(50) ? "1" : "-1")
                return "\(market.open.keys.sale) in Redis"
            }
        } + [
            Corruption("a user off by one", .users) { market, random in
                let victim = try await market.pickField(market.open.keys.users, &random)
                try await market.send("HINCRBY", market.open.keys.users, victim.field, random.chance(50) ? "1" : "-1")
                return "user '\(victim.field)'"
            },
            Corruption("bought off by one", .users) { market, random in
                let victim = try await market.pickField(market.open.keys.bought, &random)
                try await market.send("HINCRBY", market.open.keys.bought, victim.field, random.chance(50) ? "1" : "-1")
                return "user '\(victim.field)'"
            },
            Corruption("lost ban", .controls) { market, random in
                let victim = try await market.pickField(market.open.keys.banned, &random)
                try await market.send("HDEL", market.open.keys.banned, victim.field)
                return "user '\(victim.field)'"
            },
            Corruption("lost pause", .controls) { market, _ in
                try await market.send("HSET", market.open.keys.sale, "checkout_paused", "0")
                return "checkout_paused of sale \(market.open.id)"
            },
            Corruption("another limit", .controls) { market, random in
                try await market.send("HSET", market.open.keys.sale, "limit", random.chance(50) ? "2" : "4")
                return "limit of sale \(market.open.id)"
            },
            Corruption("another stock", .terms) { market, _ in
                try await market.send("HINCRBY", market.open.keys.sale, "stock", "1")
                return "stock of sale \(market.open.id) is 31"
            },
            Corruption("clock set back", .terms) { market, _ in
                try await market.send("HSET", market.open.keys.sale, "now_us", "1700000000000000")
                return "clock of sale \(market.open.id)"
            },
            Corruption("steps set back", .terms) { market, _ in
                try await market.send("HINCRBY", market.open.keys.sale, "seq", "-1")
                return "sale \(market.open.id) is at step"
            },
        ]

    static let inEpochs: [Corruption] =
        ["users", "bought", "banned", "holds", "receipts"].map { name in
            Corruption("sentinel of \(name) of another epoch", .sentinels) { market, _ in
                let key = "fs:{\(market.open.id)}:\(name)"
                try await market.send("HINCRBY", key, "", "-1")
                return key
            }
        } + [
            Corruption("sentinel of the deadlines lost", .sentinels) { market, _ in
                try await market.send("ZREM", market.open.keys.deadlines, "epoch:\(market.open.epoch)")
                return market.open.keys.deadlines
            },
            Corruption("epoch of Postgres raised", .sentinels) { market, _ in
                try await market.force("update journal_cursor set epoch = epoch + 7 where sale_id = \(market.open.id)")
                return "sale \(market.open.id) is at epoch \(market.open.epoch) in Redis"
            },
            Corruption("epochs of the cursors apart", .cursors) { market, _ in
                try await market.force(
                    """
                    update journal_cursor set epoch = epoch - 1
                    where sale_id = \(market.open.id) and stream = 'attempts'
                    """
                )
                return "the cursors of sale \(market.open.id)"
            },
            Corruption("another installation", .installation) { market, _ in
                try await market.send("HSET", market.open.keys.sale, "installation", "elsewhere")
                return market.open.keys.sale
            },
            Corruption("all keys lost", .sentinels) { market, _ in
                try await market.send("UNLINK", market.open.keys.sale)
                return "no keys of sale \(market.open.id)"
            },
            Corruption("a key of another type", .sentinels) { market, _ in
                try await market.send("SET", market.open.keys.bought, "x")
                return market.open.keys.bought
            },
        ]

    static let inCursors: [Corruption] =
        JournalStream.allCases.flatMap { stream in
            [
                Corruption("\(stream) cursor moved back", .cursors) { market, random in
                    let ids = try await market.ids(of: stream)
                    let cursor = try await market.cursor(stream)
                    let earlier = ids.filter { $0 < cursor }
                    guard let id = earlier.randomElement(using: &random) else { throw ShopError("no earlier entry") }
                    try await market.moveCursor(stream, to: "\(id)")
                    return "the cursor of the \(stream) of sale \(market.open.id) is at \(id)"
                },
                Corruption("\(stream) cursor moved ahead of its stream", .cursors) { market, _ in
                    try await market.moveCursor(stream, to: "9999999999999-0")
                    return "the cursor of the \(stream) of sale \(market.open.id) is at 9999999999999-0"
                },
                Corruption("\(stream) cursor on no entry", .cursors) { market, _ in
                    let cursor = try await market.cursor(stream)
                    let id = StreamID(milliseconds: cursor.milliseconds, sequence: cursor.sequence + 1)
                    try await market.moveCursor(stream, to: "\(id)")
                    return "the cursor of the \(stream) of sale \(market.open.id) is at \(id)"
                },
                Corruption("\(stream) drained_rows wrong", .cursors) { market, random in
                    let by = random.chance(50) ? 1 : -1
                    try await market.force(
                        """
                        update journal_cursor set drained_rows = drained_rows + \(by)
                        where sale_id = \(market.open.id) and stream = \(stream.rawValue)
                        """
                    )
                    return "the cursor of the \(stream) of sale \(market.open.id)"
                },
                Corruption("\(stream) drained_entries wrong", .cursors) { market, random in
                    let by = random.chance(50) ? 1 : -1
                    try await market.force(
                        """
                        update journal_cursor set drained_entries = drained_entries + \(by)
                        where sale_id = \(market.open.id) and stream = \(stream.rawValue)
                        """
                    )
                    return "the cursor of the \(stream) of sale \(market.open.id)"
                },
                Corruption("\(stream) trimmed past its cursor", .cursors) { market, _ in
                    try await market.send("HSET", market.open.keys.sale, stream.trimmedField, "9999999999999-0")
                    return "the cursor of the \(stream) of sale \(market.open.id)"
                },
            ]
        } + [
            Corruption("ledger cursor moved over entries", .cursors) { market, _ in
                guard let id = try await market.ids(of: .ledger).last else { throw ShopError("no entries") }
                try await market.moveCursor(.ledger, to: "\(id)")
                return "the cursor of the ledger of sale \(market.open.id) is at \(id)"
            },
            Corruption("a journal entry lost", .sequence) { market, _ in
                guard let id = try await market.ids(of: .ledger).last else { throw ShopError("no entries") }
                try await market.send("XDEL", market.open.keys.ledger, "\(id)")
                return "of sale \(market.open.id)"
            },
        ]
}

extension VerifyMarket {
    func ids(of stream: JournalStream) async throws -> [StreamID] {
        let key = stream.key(open.keys)
        return try StreamEntry.parse(try await shop.redis.send(RedisCommand("XRANGE", key, "-", "+")), from: key).map(
            \.id
        )
    }

    func cursor(_ stream: JournalStream) async throws -> StreamID {
        try await JournalCursor.load(open.id, stream, from: shop.postgres).lastID
    }

    func moveCursor(_ stream: JournalStream, to id: String) async throws {
        try await force(
            "update journal_cursor set last_id = \(id) where sale_id = \(open.id) and stream = \(stream.rawValue)"
        )
    }
}
