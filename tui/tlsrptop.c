#include <stdio.h>
#include <sysexits.h>

int main(void)
{
    fputs("tlsrptop: the dashboard is not written yet\n", stderr);
    return EX_UNAVAILABLE;
}
