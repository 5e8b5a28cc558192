import Synchronization
import TestSupport

/// The crowd of a run: it buys, hesitates, gives up, repeats and guesses until it is told to finish what is open, and
/// then buys whatever is left.
final class Crowd: Sendable {
    enum Phase: Sendable { case selling, finishing, over }

    let plan: CrowdPlan
    let history: History
    let shop: any ShopDirectory
    private let phaseNow = Mutex(Phase.selling)
    /// Codes that nobody works on: abandoned, or without a final answer.
    private let open = Mutex<[OpenCode]>([])

    /// Codes with a receipt, for those who ask again.
    private let paid = Mutex<[OpenCode]>([])

    /// Checkouts with an Idempotency-Key of which nobody knows how they ended.
    private let unclear = Mutex<[OpenKey]>([])

    struct OpenKey: Sendable {
        let user: String
        let key: String
    }

    struct OpenCode: Sendable {
        let user: String
        let code: String
    }

    init(plan: CrowdPlan, shop: any ShopDirectory, history: History) {
        self.plan = plan
        self.shop = shop
        self.history = history
    }

    var phase: Phase { phaseNow.withLock { $0 } }

    /// From now on: `finishing` buys every code that is open and whatever can be had, `over` ends.
    func enter(_ phase: Phase) { phaseNow.withLock { $0 = phase } }

    func leave(_ code: OpenCode) { open.withLock { $0.append(code) } }

    func takeOpen() -> OpenCode? { open.withLock { $0.popLast() } }

    func leave(_ key: OpenKey) { unclear.withLock { $0.append(key) } }

    func takeUnclear() -> OpenKey? { unclear.withLock { $0.popLast() } }

    func keep(receipt code: OpenCode) { paid.withLock { $0.append(code) } }

    /// Any code with a receipt.
    func anyPaid(_ random: inout SeededRandom) -> OpenCode? {
        let number = random.next()
        return paid.withLock { $0.isEmpty ? nil : $0[Int(number % UInt64($0.count))] }
    }

    /// Runs all buyers until the crowd is over.
    func run(seed: Int) async {
        await withTaskGroup(of: Void.self) { tasks in
            for index in 0..<plan.buyers {
                tasks.addTask {
                    var buyer = Buyer(crowd: self, index: index, random: SeededRandom(seed, index + 1))
                    await buyer.run()
                }
            }
        }
    }
}

/// Where the servers of a run listen.
protocol ShopDirectory: Sendable {
    /// Number of servers, running or not.
    var serverCount: Int { get }
    /// The port of one, nil while it is down.
    func port(of server: Int) -> Int?
}
