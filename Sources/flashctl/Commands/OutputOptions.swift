import ArgumentParser

extension Output.Format: ExpressibleByArgument {}
extension ColorMode: ExpressibleByArgument {}

/// How a command writes what it found.
struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .customLong("output")], help: "Format of the data on standard output.")
    var format = Output.Format.table

    @OptionGroup var colorOptions: ColorOptions

    /// The output that was asked for.
    func output(in environment: CommandEnvironment) -> Output {
        environment.output(format, color: colorOptions.color)
    }
}

/// Whether a command writes colours.
struct ColorOptions: ParsableArguments {
    @Option(help: "Colours; auto means on a terminal, unless NO_COLOR is set.")
    var color = ColorMode.auto
}
