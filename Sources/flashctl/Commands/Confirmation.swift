import FlashSaleKit

/// The consent to something that cannot be undone: on a terminal the number of the sale is typed, off it `--confirm`
/// must name it. Whoever has not named it yet sees first what would happen, as with `--dry-run`.
struct Confirmation: Sendable {
    /// What is about to happen, completing "this …".
    var consequence: String
    var sale: SaleID
    /// The value of `--confirm`.
    var given: String?
    /// What is going to be done.
    var plan: [ReportSection] = []

    /// Returns when the consent is there.
    /// - Throws: ``CommandFailure`` with `.declined` for a no, `.usage` when nobody can be asked.
    func obtain(in environment: CommandEnvironment) async throws {
        if let given {
            guard given == sale.description else {
                throw CommandFailure(
                    .declined,
                    "--confirm names '\(given)', but this \(consequence) sale \(sale): nothing was changed",
                    nextStep: "look at the plan with --dry-run, then give --confirm=\(sale)"
                )
            }
            return
        }
        for section in plan {
            environment.sink.talk(section.text(width: environment.talkTerminal.width, color: false))
        }
        guard environment.canAsk else {
            throw CommandFailure(
                .usage,
                "this \(consequence) sale \(sale) and cannot be undone: nothing was changed",
                nextStep: "if this plan is what you want, give --confirm=\(sale)"
            )
        }
        let question = "This \(consequence) sale \(sale) and cannot be undone. Type the number of the sale to go on: "
        guard try await environment.ask(question) == sale.description else {
            throw CommandFailure(.declined, "declined: nothing was changed")
        }
    }
}
