/* What the build knows of the sources. Package.swift hands it over; when it changes, only build_info.c is compiled. */
#ifndef BUILD_INFO_H
#define BUILD_INFO_H

/* The commit, with "-dirty" behind it when files were changed; "unknown" when the build was not told. */
const char *flashctl_revision(void);

#endif
