@testable import flashctl

/// A page of the manual in mdoc(7), made from what the parser knows, with the examples, environment, files and statuses
/// that its own generator leaves out.
struct ManualPage {
    let words: [String]
    let command: ToolInfo.Command
    /// The other pages.
    let others: [String]

    /// Name of the page, as git names its own.
    var name: String { words.joined(separator: "-") }

    private var isRoot: Bool { words.count == 1 }
    private var arguments: [ToolInfo.Argument] { (command.arguments ?? []).filter(\.shouldDisplay) }

    /// The paragraphs of the discussion, those for sections of their own apart.
    private var paragraphs: (plain: [String], examples: [String], statuses: [String]) {
        let all = Mdoc.paragraphs(command.discussion ?? "")
        func begins(_ text: String, _ words: [String]) -> Bool { words.contains { text.hasPrefix($0) } }
        let examples = all.filter { begins($0, ["Examples:", "Example:"]) }
        let statuses = all.filter { begins($0, ["Exit status:"]) }
        return (all.filter { !examples.contains($0) && !statuses.contains($0) }, examples, statuses)
    }

    var text: String {
        var lines = [
            ".\\\" Written by `make snapshots` from the definitions of the commands.",
            ".Dd 2026-11-27", ".Dt \(name.uppercased()) 1", ".Os flashctl \(Flashctl.version)",
            ".Sh NAME", ".Nm \(name)", ".Nd \(Mdoc.escaped(sentence(command.abstract ?? "")))",
        ]
        lines += synopsis
        lines += [".Sh DESCRIPTION"] + Mdoc.filled([command.abstract ?? ""] + paragraphs.plain)
        if isRoot { lines += commands }
        if !arguments.isEmpty { lines += options }
        lines += statuses + environment + files
        if !paragraphs.examples.isEmpty { lines += [".Sh EXAMPLES"] + Mdoc.literal(paragraphs.examples) }
        lines += [".Sh SEE ALSO"] + Mdoc.references(isRoot ? others : ["flashctl"] + related)
        return lines.joined(separator: "\n") + "\n"
    }

    private func sentence(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }

    private var synopsis: [String] {
        var lines = [".Sh SYNOPSIS", ".Nm \(words.joined(separator: " "))"]
        if isRoot { return lines + [".Ar command", ".Op Ar options"] }
        if !(command.subcommands ?? []).isEmpty { lines.append(".Ar command") }
        for argument in arguments where argument.kind == "positional" {
            let value = Mdoc.value(argument) + (argument.isRepeating ? " ..." : "")
            lines.append(argument.isOptional ? ".Op \(value)" : "." + value)
        }
        for argument in arguments where argument.kind != "positional" && argument.preferredName?.name != "help" {
            let option = Mdoc.option(argument)
            lines.append(argument.isOptional ? ".Op \(option)" : "." + option)
        }
        return lines
    }

    private var commands: [String] {
        let shown = (command.subcommands ?? []).filter { $0.commandName != "help" && $0.shouldDisplay != false }
        let items = shown.flatMap { [".It Cm \($0.commandName)", Mdoc.escaped($0.abstract ?? "")] }
        return [".Pp", "The commands are:", ".Bl -tag -width rotate-hour"] + items + [".El"]
    }

    private var options: [String] {
        let items = arguments.flatMap { argument in
            [".It " + Mdoc.names(argument)] + Mdoc.wrapped(Mdoc.help(argument))
        }
        return [".Sh OPTIONS", ".Bl -tag -width Ds"] + items + [".El"]
    }

    private var statuses: [String] {
        var lines = [".Sh EXIT STATUS"]
        if isRoot { return lines + Mdoc.list(HelpTopic.exitCodes.entries) }
        let own = paragraphs.statuses.map { Mdoc.escaped(String($0.dropFirst("Exit status: ".count))) }
        lines += own.isEmpty ? ["0 when it was done; the others are explained in"] : own + ["All are explained in"]
        return lines + [".Xr flashctl 1 ."]
    }

    /// The variables that set what options of this command set.
    private var environment: [String] {
        if isRoot { return [".Sh ENVIRONMENT"] + Mdoc.list(HelpTopic.environment.entries) }
        let names = Set(arguments.flatMap { $0.names ?? [] }.map(\.text))
        let own = HelpTopic.environment.entries.filter { entry in
            names.contains { entry.text.contains("(\($0), ") }
        }
        return own.isEmpty ? [] : [".Sh ENVIRONMENT"] + Mdoc.list(own)
    }

    private var files: [String] {
        if isRoot { return [".Sh FILES"] + Mdoc.list(HelpTopic.files.entries) }
        let names = Set(arguments.flatMap { $0.names ?? [] }.map(\.name))
        let own = HelpTopic.files.entries.filter { entry in
            entry.name.hasSuffix("/local") ? names.contains("local") : names.contains("config")
        }
        return own.isEmpty ? [] : [".Sh FILES"] + Mdoc.list(own)
    }

    /// Pages of commands below this one or beside it.
    private var related: [String] {
        others.filter { $0 != "flashctl" && $0 != name && ($0.hasPrefix(name + "-") || name.hasPrefix($0 + "-")) }
    }
}
