import ArgumentParser
import FlashSaleKit

/// What every command that changes a running sale asks for.
struct ControlOptions: ParsableArguments {
    @Option(help: "Why, for the records; 1 to 200 characters.")
    var reason: String

    @Option(help: "Number of a sale, current, or all: every sale that is not over.")
    var sale = SaleArgument.current

    @Flag(help: "Only say what would be changed.")
    var dryRun = false

    func validate() throws { try ControlOptions.validate(reason: reason) }

    /// Says what is wrong with a reason; it is shown for years, in tables.
    static func validate(reason: String) throws {
        func steers(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) }
        guard (1...200).contains(reason.count), !reason.unicodeScalars.contains(where: steers) else {
            throw ValidationError("--reason has 1 to 200 characters and no control characters.")
        }
        if reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason says why, not nothing.") }
    }
}

/// A user on the command line.
struct UserArgument: ExpressibleByArgument, Sendable {
    private let given: String

    init(argument: String) { given = argument }

    /// The user; throws what is wrong with the id.
    func id() throws -> UserID {
        guard let id = UserID(given) else {
            throw ValidationError(UserID.fault(of: given.utf8, name: "A user"))
        }
        return id
    }

    static var defaultCompletionKind: CompletionKind { LiveCompletion.users }
}
