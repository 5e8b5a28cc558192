extension PostgresEndpoint {
    /// Everything that was given, as a URL, with three stars for what is or may be a secret.
    public var redacted: String {
        let host = self["host"] ?? self["hostaddr"] ?? ""
        let isSocket = host.hasPrefix("/")
        let address = isSocket ? "" : authority(defaultPort: nil)
        let password = self["password"] == nil ? "" : ":***"
        let user = self["user"].map { "\($0.percentEncoded)\(password)@" } ?? (password.isEmpty ? "" : "\(password)@")
        var shown: Set = ["user", "password", "dbname"]
        shown.formUnion(isSocket ? [] : self["host"] == nil ? ["hostaddr", "port"] : ["host", "port"])
        let rest = parameters.filter { !shown.contains($0.keyword) }.map { parameter in
            // The path of a key is none, but the setting may also name a key inside of a device.
            let isHidden = parameter.isHidden || parameter.keyword == "sslkey" || parameter.keyword.contains("secret")
            return "\(parameter.keyword)=\(isHidden ? "***" : parameter.value)"
        }
        let query = rest.isEmpty ? "" : "?" + rest.joined(separator: "&")
        return "postgresql://\(user)\(address)/\((self["dbname"] ?? "").percentEncoded)\(query)"
    }
}
