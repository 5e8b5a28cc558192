import Testing

@testable import flashctl

/// Lines of the shell, taken apart.
struct ShellLineTests {
    @Test(arguments: ["", "   ", "\t", "# a comment", "   # another"])
    func nothingToDo(text: String) throws {
        #expect(try ShellLine(text) == .empty)
    }

    @Test(
        arguments: [
            ("status --fast", ["status", "--fast"], "--fast", nil),
            ("  status\t-o   json  ", ["status", "-o", "json"], "-o   json", nil),
            ("ban 'a b' --reason \"it's\"", ["ban", "a b", "--reason", "it's"], "'a b' --reason \"it's\"", nil),
            ("ban a\\ b ''", ["ban", "a b", ""], "a\\ b ''", nil),
            ("status # now", ["status"], "# now", nil),
            ("user a#b", ["user", "a#b"], "a#b", nil),
            ("status -o json \\| jq .phase", ["status", "-o", "json"], "-o json", "jq .phase"),
            ("sql select '\\| no pipe'", ["sql"], "select '\\| no pipe'", nil),
            ("sql select $$it's$$ -- it's", ["sql"], "select $$it's$$ -- it's", nil),
            ("sqlite x", ["sqlite", "x"], "x", nil),
        ] as [(String, [String], String, String?)]
    )
    func commands(text: String, words: [String], raw: String, pipe: String?) throws {
        #expect(try ShellLine(text) == .command(words: words, raw: raw, pipe: pipe))
    }

    @Test(arguments: [
        ("\\q", "q", ""), ("\\?", "?", ""), ("\\watch 5 status --fast", "watch", "5 status --fast"),
        ("\\!ls -l", "!", "ls -l"), ("  \\x auto", "x", "auto"), ("\\", "", ""),
    ])
    func metaCommands(text: String, name: String, argument: String) throws {
        #expect(try ShellLine(text) == .meta(name: name, argument: argument))
    }

    @Test(arguments: ["ban 'alice", "ban \"alice", "status \\"])
    func whatIsNotClosedIsSaid(text: String) {
        #expect(throws: ShellLine.Problem.self) { try ShellLine(text) }
    }

    @Test(arguments: ["plain", "with space", "it's", "", "a\"b", "#x", "tab\tin", "日本"])
    func whatIsQuotedIsOneWordAgain(text: String) throws {
        #expect(try ShellWords.split(ShellWords.quoted(text)) == [text])
    }

    @Test func semicolonsSeparateLinesUnlessTheyAreQuoted() {
        #expect(ShellWords.commands("status; verify;sale") == ["status", " verify", "sale"])
        #expect(ShellWords.commands("ban a --reason 'x; y'") == ["ban a --reason 'x; y'"])
        #expect(ShellWords.commands("sql select $$a; b$$; sale") == ["sql select $$a; b$$", " sale"])
        let lines = ["# a; b", "\\! a; b", "stock \\| a 'b;'"]
        #expect(ShellWords.commands(lines.joined(separator: "\r\n")) == lines)
    }

    @Test func shortFormsStandForCommands() throws {
        #expect(
            ShortForms.expanded(["sale", "12", "-o", "json"]) == ["status", "--fast", "--sale", "12", "-o", "json"]
        )
        #expect(ShortForms.expanded(["sale"]) == ["status", "--fast"])
        #expect(ShortForms.expanded(["user", "alice"]) == ["inspect-user", "alice"])
        #expect(ShortForms.expanded(["verify"]) == ["verify"])
        // None hides a command, and each leads to one or to a look into the stores.
        for form in ShortForms.all {
            #expect(CommandTable.own[form.name] == nil)
            let query = try StoreQuery(form.words, raw: "", format: nil)
            let leads = CommandTable.own[form.words[0]] != nil || query != nil
            #expect(leads, "\(form.name)")
        }
    }

    @Test func unknownMetaCommandsSuggestTheNearest() throws {
        #expect(try MetaCommand.find("timing") == .timing)
        let failure = try #require(throws: CommandFailure.self) { try MetaCommand.find("timng") }
        #expect(failure.status == .usage)
        #expect(failure.nextStep == "did you mean \\timing?")
        for command in MetaCommand.allCases { #expect(MetaCommand.list.contains(command.usage)) }
        #expect(MetaCommand.list.split(separator: "\n").allSatisfy { $0.count <= 110 })
    }
}
