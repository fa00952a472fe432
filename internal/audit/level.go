package audit

import "log/slog"

// LogLevel is that of the log's line for each seal. It is above all that LOG_LEVEL can be:
// what is to prove something must not depend on how much an operator wants to read.
const LogLevel = slog.LevelError + 4
