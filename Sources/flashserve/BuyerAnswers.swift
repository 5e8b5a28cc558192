/// What tools may promise about the answers to buyers.
public enum BuyerAnswers {
    /// Retry-After of the answer `paused`, in seconds.
    public static let pausedRetry = 5
}
