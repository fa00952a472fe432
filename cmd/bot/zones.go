package main

// The zones that TZ can name, which set the times in the log: the image has no
// /usr/share/zoneinfo.
import _ "time/tzdata"
