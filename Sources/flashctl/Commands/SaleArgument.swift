import ArgumentParser
import FlashSaleKit

/// Which sales a command is about.
enum SaleArgument: ExpressibleByArgument, Sendable, Equatable {
    /// The one that sells now, else the next one, else the last one.
    case current
    /// Every sale there ever was.
    case all
    case number(SaleID)

    init?(argument: String) {
        switch argument {
        case "current": self = .current
        case "all": self = .all
        default:
            guard let id = SaleID(argument) else { return nil }
            self = .number(id)
        }
    }

    static var defaultCompletionKind: CompletionKind { LiveCompletion.sales }

    var defaultValueDescription: String {
        switch self {
        case .current: "current"
        case .all: "all"
        case .number(let id): id.description
        }
    }
}

/// Finds the sales that are meant in the schedule.
struct SaleFinder: Sendable {
    let postgres: PostgresConnection

    /// Most sales that `all` means: eleven years of hourly ones.
    private static let most = 100_000

    /// The sales that are meant, the latest first; never empty.
    func find(_ wanted: SaleArgument) async throws -> [Sale] {
        switch wanted {
        case .number(let id): return [try await find(id)]
        case .current: return [try await current()]
        case .all:
            let sales = try await SaleStore(postgres: postgres).all(limit: SaleFinder.most)
            guard !sales.isEmpty else { throw SaleFinder.noSale }
            return sales
        }
    }

    /// The sale with this number.
    func find(_ id: SaleID) async throws -> Sale {
        if let sale = try await SaleStore(postgres: postgres).find(id) { return sale }
        throw CommandFailure(.failure, "there is no sale \(id)", nextStep: "leave out --sale for the current one")
    }

    /// The sale that is of interest now.
    func current() async throws -> Sale {
        let store = SaleStore(postgres: postgres)
        let now = try await store.now()
        let unfinished = SaleSchedule(sales: try await store.unfinished())
        if let sale = unfinished.current(at: now) ?? unfinished.next(after: now) { return sale }
        if let sale = try await store.all(limit: 1).first { return sale }
        throw SaleFinder.noSale
    }

    static let noSale = CommandFailure(
        .failure,
        "there is no sale",
        nextStep: "`flashctl rotate-hour` makes the hourly ones, `flashctl seed-sale` one of your own"
    )
}
