#include <stdio.h>
#include <sysexits.h>

int main(void)
{
    fputs("tlsrptop-check: the live check is not written yet\n", stderr);
    return EX_UNAVAILABLE;
}
