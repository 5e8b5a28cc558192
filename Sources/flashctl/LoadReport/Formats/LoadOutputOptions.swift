import ArgumentParser

/// How `loadtest` writes what it measured. Beside the formats of all commands there is CSV: only a timeline has rows
/// that fit a spreadsheet.
struct LoadOutputOptions: ParsableArguments {
    enum Format: String, CaseIterable, Sendable, ExpressibleByArgument {
        case table, json, yaml, ndjson, csv
    }

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: "Format of the data on standard output; csv is the timeline, one row a second."
    )
    var format = Format.table

    @OptionGroup var colorOptions: ColorOptions

    /// The output that was asked for; with `csv` its format is that of tables.
    func output(in environment: CommandEnvironment) -> Output {
        environment.output(Output.Format(rawValue: format.rawValue) ?? .table, color: colorOptions.color)
    }

    /// Writes the result in the format that was asked for.
    ///
    /// - Throws: ``OutputClosed`` when nobody reads any more.
    func write(_ record: LoadRecord, to output: Output) throws {
        switch format {
        case .csv: try output.sink.data(record.csv)
        case .ndjson: for line in record.ndjson { try output.write(line: line) }
        case .table, .json, .yaml: try output.write(record)
        }
    }
}
