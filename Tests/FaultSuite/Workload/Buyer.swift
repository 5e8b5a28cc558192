import NIOCore
import TestSupport

/// One of the crowd: a person after the other at the same keyboard.
struct Buyer {
    private let crowd: Crowd
    private let index: Int
    private var random: SeededRandom
    private var connection: BuyerConnection
    private var sessions = 0

    private var plan: CrowdPlan { crowd.plan }
    private var isOver: Bool { crowd.phase == .over || Task.isCancelled }

    init(crowd: Crowd, index: Int, random: SeededRandom) {
        self.crowd = crowd
        self.index = index
        self.random = random
        connection = BuyerConnection(shop: crowd.shop)
    }

    mutating func run() async {
        await pause(0...300)
        while !isOver {
            if crowd.phase == .finishing {
                await finish()
            } else {
                await visit()
            }
            await pause(plan.pause)
        }
        await connection.drop()
    }

    private mutating func pause(_ range: ClosedRange<Int>) async {
        try? await Task.sleep(for: random.milliseconds(range))
    }

    // MARK: Selling

    /// One visit to the shop.
    private mutating func visit() async {
        sessions += 1
        let isGreedy = random.chance(plan.greedy)
        let name = Int.random(in: 0..<plan.greedyNames, using: &random)
        let user = isGreedy ? "greedy\(name)" : "user\(index)-\(sessions)"
        let wanted = isGreedy ? plan.limit + 2 : Int.random(in: 1...3, using: &random)
        for _ in 0..<wanted where crowd.phase == .selling {
            guard let code = await checkout(user) else {
                if random.chance(plan.repeats), let paid = crowd.anyPaid(&random) {
                    _ = await purchase(paid.code, paid.user)
                }
                await pause(plan.pause)
                continue
            }
            await decide(about: code, user)
        }
    }

    private mutating func decide(about code: String, _ user: String) async {
        let open = Crowd.OpenCode(user: user, code: code)
        if random.chance(plan.guesses) { await guess(near: code, user) }
        if random.chance(plan.abandons) { return crowd.leave(open) }
        await pause(random.chance(plan.slow) ? plan.slowThinking : plan.thinking)
        if random.chance(plan.releases) {
            await release(code, user)
        } else if await buy(open), random.chance(plan.repeats) {
            _ = await purchase(code, user)
        }
    }

    /// A checkout, repeated with its key while nobody knows how it ended.
    private mutating func checkout(_ user: String) async -> String? {
        let key = random.chance(plan.keyed) ? "\(user)-\(crowd.history.count)-\(index)" : nil
        for _ in 0..<4 {
            switch await attempt(user, key) {
            case .code(let code): return code
            case .refused: return nil
            case .unclear: if key == nil { return nil }
            }
            await pause(50...250)
            if isOver { return nil }
        }
        // Whoever lost an answer asks again later: a hold that nobody knows of would have to lapse.
        if let key { crowd.leave(Crowd.OpenKey(user: user, key: key)) }
        return nil
    }

    private enum Checkout { case code(String), refused, unclear }

    private mutating func attempt(_ user: String, _ key: String?) async -> Checkout {
        let client = await connection.current(&random)
        let number = crowd.history.begin(.checkout, user: user, key: key, server: connection.server)
        let reply = await send(
            "/checkout?user_id=\(user)&id=\(number)",
            client,
            number,
            headers: key.map { "Idempotency-Key: \($0)\r\n" } ?? ""
        )
        guard let reply else { return .unclear }
        if reply.status == 201, let code = reply["code"] { return .code(code) }
        return reply.status == 503 ? .unclear : .refused
    }

    /// Purchases until the answer is final. True for a receipt.
    private mutating func buy(_ open: Crowd.OpenCode) async -> Bool {
        while !isOver {
            switch await purchase(open.code, open.user) {
            case 200:
                crowd.keep(receipt: open)
                return true
            case 400, 404, 409: return false
            default: await pause(40...200)
            }
        }
        return false
    }

    private mutating func purchase(_ code: String, _ user: String) async -> Int? {
        let client = await connection.current(&random)
        let number = crowd.history.begin(.purchase, user: user, code: code, server: connection.server)
        return await send("/purchase?code=\(code)", client, number)?.status
    }

    private mutating func release(_ code: String, _ user: String) async {
        let client = await connection.current(&random)
        let number = crowd.history.begin(.release, user: user, code: code, server: connection.server)
        let reply = await send("/checkout?code=\(code)", client, number, method: "DELETE")
        if reply?.status != 200 { crowd.leave(.init(user: user, code: code)) }
    }

    /// A code that nobody was given, but that looks like one.
    private mutating func guess(near code: String, _ user: String) async {
        let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        let prefix = code.prefix { $0 != "-" }
        let wrong =
            "\(prefix)-"
            + String(
                code.dropFirst(prefix.count + 1).map { digit in
                    digit == "0" ? digit : digits.randomElement(using: &random) ?? digit
                }
            )
        let client = await connection.current(&random)
        let number = crowd.history.begin(.guess, user: user, code: wrong, server: connection.server)
        _ = await send("/purchase?code=\(wrong)", client, number)
    }

    // MARK: Finishing

    /// Buys what was left open, else something new.
    private mutating func finish() async {
        if let open = crowd.takeOpen() {
            if await !buy(open), isOver { crowd.leave(open) }
            return
        }
        if let unclear = crowd.takeUnclear() {
            switch await attempt(unclear.user, unclear.key) {
            case .code(let code): _ = await buy(.init(user: unclear.user, code: code))
            case .refused: break
            case .unclear: crowd.leave(unclear)
            }
            return
        }
        sessions += 1
        let user = "late\(index)-\(sessions)"
        if let code = await checkout(user) {
            _ = await buy(.init(user: user, code: code))
        } else {
            await pause(100...300)
        }
    }

    // MARK: Sending

    /// Sends a request and books what became of it; nil when there was no answer.
    private mutating func send(
        _ target: String,
        _ client: ShopClient?,
        _ number: Int,
        method: String = "POST",
        headers: String = ""
    ) async -> ShopClient.Reply? {
        guard let client else {
            crowd.history.end(number) { $0.answer = .refused }
            await pause(20...80)
            return nil
        }
        do {
            let limit = TimeAmount.milliseconds(plan.patience)
            let reply = try await client.send(method, target, headers: headers, limit: limit)
            crowd.history.end(number) { operation in
                operation.answer = .reply(reply.status, error: reply["error"])
                operation.gotCode = reply["code"]
                operation.gotSale = reply["sale_id"].flatMap { Int($0) }
                operation.gotItem = reply["item_id"].flatMap { Int($0) }
                operation.gotUnit = reply["unit"].flatMap { Int($0) }
                operation.gotDeadline = reply["expires_at"].flatMap { History.time($0) }
            }
            if reply.head.contains("\r\nconnection: close") { await connection.drop() }
            return reply
        } catch {
            crowd.history.end(number) { $0.answer = .unknown }
            await connection.drop()
            return nil
        }
    }
}
