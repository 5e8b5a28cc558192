#pragma once
// Only the reply parser of hiredis is used: its sockets cannot do TLS in the packaged version.
#include <hiredis/hiredis.h>
#include <hiredis/read.h>
