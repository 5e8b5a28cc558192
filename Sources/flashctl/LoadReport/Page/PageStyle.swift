/// How the page looks: one column, letters of the system, few colours, the same order of brightness in light and dark.
enum PageStyle {
    static let css = """
        :root { color-scheme: light dark;
          --paper: #fdfdfb; --ink: #1b1c1e; --soft: #5c6066; --faint: #e3e4e2; --good: #1b7a43; --bad: #b3202a;
          --warn: #8a5a00; --blue: #2563a8; --amber: #b8590a;
          --held: #2f9e63; --sold: #2563a8; --stone: #b4b8bd; --sand: #d3b06a; --brown: #8c6b44; --sky: #85b4e3;
          --lilac: #bb9ccb; --plum: #86639c; --mint: #6fbfae; --steel: #597c8b; --olive: #b9b45c; --rust: #dd6b34;
          --wine: #7d1838; --rose: #e39a9f; }
        @media (prefers-color-scheme: dark) { :root {
          --paper: #16181b; --ink: #e8e8e4; --soft: #a2a7ae; --faint: #31353a; --good: #5cc98b; --bad: #ff7b7b;
          --warn: #e2b04a; --blue: #7db2ee; --amber: #f0a050;
          --held: #3fae73; --sold: #4d8fd8; --stone: #71777f; --sand: #b9964f; --brown: #a07f58; --sky: #9cc6ef;
          --lilac: #c9aed7; --plum: #9f7db5; --mint: #6fbfae; --steel: #7b9dac; --olive: #a9a44f; --rust: #ee8350;
          --wine: #c74a73; --rose: #e8a7ac; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 60rem; background: var(--paper);
          color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
          font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
        h2 { font-size: 1.15rem; margin: 0; }
        p { margin: .25rem 0 .75rem; max-width: 46rem; }
        .lead, .chart > p { color: var(--soft); }
        .verdict { margin: 1.25rem 0; padding: .7rem 0; border-top: 2px solid; border-bottom: 1px solid var(--faint); }
        .verdict b { margin-right: .6rem; letter-spacing: .02em; }
        .verdict ul { margin: .4rem 0 0; padding-left: 1.2rem; color: var(--ink); }
        .good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
        .headlines { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem 2rem;
          margin: 0 0 2rem; padding: 0; }
        .headlines div { border-left: 3px solid var(--c, var(--faint)); padding-left: .8rem; }
        .headlines dt { color: var(--soft); font-size: .9rem; }
        .headlines dd { margin: 0; }
        .headlines .big { font-size: 1.9rem; line-height: 1.15; font-weight: 600; }
        .headlines .small { color: var(--soft); font-size: .9rem; }
        section { margin: 2.25rem 0 0; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .9rem; margin: .5rem 0; }
        caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
        th, td { text-align: left; vertical-align: top; padding: .22rem 1.1rem .22rem 0; font-weight: 400;
          border-bottom: 1px solid var(--faint); }
        thead th { color: var(--soft); white-space: nowrap; }
        .n { text-align: right; white-space: nowrap; }
        tbody th { white-space: nowrap; }
        .facts { width: 100%; } .facts th { color: var(--soft); width: 11rem; } .facts td { white-space: normal; }
        code { font: .85em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
        details { margin-top: .25rem; } summary { color: var(--soft); font-size: .9rem; cursor: pointer; }
        footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }

        """ + drawings + colors + sizes

    private static let drawings = """
        svg { display: block; height: auto; margin: .25rem 0; font: 13px system-ui, -apple-system, sans-serif; }
        svg text { fill: var(--ink); } svg .tick, svg .axis { fill: var(--soft); font-size: 12px; }
        .grid { stroke: var(--faint); stroke-width: 1; } .mark { stroke: var(--soft); stroke-width: 1; }
        .percentile { stroke: var(--ink); stroke-width: 1; }
        .limit { stroke: var(--bad); stroke-width: 1; stroke-dasharray: 6 4; }
        .line { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linejoin: round; }
        .area { stroke: none; fill: currentColor; } 
        svg .label { fill: var(--ink); fill: color-mix(in srgb, currentColor 60%, var(--ink)); }
        svg.narrow .label { font-size: 12px; }
        .shade { fill: var(--faint); opacity: .55; }
        .holds { fill: var(--good); } .fails { fill: var(--paper); stroke: var(--bad); stroke-width: 2; }
        .c-target { color: var(--soft); stroke-dasharray: 5 4; } .c-sent { color: var(--blue); }
        .c-answered { color: var(--amber); } .c-limit { color: var(--bad); }
        .c-p50 { color: var(--blue); stroke-width: 2.2; } .c-p90 { color: var(--steel); }
        .c-p99 { color: var(--amber); stroke-width: 2.2; } .c-p999 { color: var(--plum); stroke-width: 1.2; }
        .c-max { color: var(--stone); stroke-width: 1; }
        .swatch { display: inline-block; width: .7em; height: .7em; margin-right: .5em; background: currentColor; }

        """

    /// Colours of outcomes and of parts of the stock: what gives is strong, refusals are quiet, errors are red.
    private static let colors: String = {
        let colors: [LoadOutcome: String] = [
            .held: "held", .soldOut: "stone", .userLimit: "sand", .banned: "brown", .purchased: "sold",
            .pending: "sky", .unknownCode: "lilac", .expiredCode: "plum", .released: "mint",
            .alreadyPurchased: "steel", .badRequest: "olive", .unavailable: "rust", .serverError: "bad",
            .timedOut: "wine", .networkError: "rose",
        ]
        let outcomes = LoadOutcome.allCases.map { ".o-\($0.rawValue) { color: var(--\(colors[$0] ?? "ink")); }\n" }
        return outcomes.joined() + """
            .s-sold { color: var(--sold); } .s-held { color: var(--sand); } .s-free { color: var(--faint); }
            svg .label.s-free { fill: var(--soft); }

            """
    }()

    /// On a telephone the narrow drawings take the place of the wide ones; on paper everything is shown.
    private static let sizes = """
        svg.wide { width: 100%; } svg.narrow { display: none; width: 100%; max-width: 34rem; }
        @media (max-width: 44rem) { svg.wide { display: none; } svg.narrow { display: block; }
          body { padding: 1.25rem 1rem 3rem; } .facts th { width: 7rem; } th, td { padding-right: .8rem; } }
        @media print { body { max-width: none; } section { break-inside: avoid; } }

        """
}
