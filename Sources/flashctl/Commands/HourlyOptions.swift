import ArgumentParser
import FlashSaleKit

/// What hourly sales sell, and how strictly Redis is judged. All are settings of the configuration too.
struct HourlyOptions: ParsableArguments {
    @Option(help: "Units of an hourly sale. Default: 10000.")
    var hourlyStock: String?

    @Option(help: "Units of an hourly sale that one user may have. Default: 10.")
    var hourlyLimit: String?

    @Option(help: "How long an unpaid hold of an hourly sale lasts, e.g. 5m. Default: 5m.")
    var hourlyHold: String?

    @Option(help: "Keep a finished sale in Redis this long for a standby that lacks its end. Default: 1d.")
    var keepFinished: String?

    @Flag(help: "Accept a Redis without an append-only file: what it has not drained is lost with it.")
    var allowNoAOF = false

    /// Those that were given.
    var flags: [SettingKey: String?] {
        [
            .hourlyStock: hourlyStock, .hourlyLimit: hourlyLimit, .hourlyHold: hourlyHold,
            .keepFinished: keepFinished, .allowNoAOF: allowNoAOF ? "true" : nil,
        ]
    }
}
