public enum FlashServe {}
