"""Which time zones a North American area code has, if the library knows too little.

phonenumbers knows the zone of many exchanges (the three digits after the area code) and one zone
for all other exchanges of an area code, though a number there may be in any zone of the code. It
knows no exchange at all of the newer codes, which overlay older ones.

`OVERLAYS` is from the NPA report of the North American Numbering Plan Administrator (NANPA,
https://www.nanpa.com, "NPA database"; Canada's codes in it are those of its own administrator,
CNAC), dated 2025-11-26, columns OVERLAY_COMPLEX and IN_SERVICE_DT. `MORE_ZONES` has its column
TIME_ZONE, where that names a zone that the library does not have, and the practice of some towns.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

AS_OF = "2025-11-26"

#: Codes that serve the same places, each line from the oldest to the newest, with codes that are
#: assigned and not yet in service. A code that overlays several is in several lines.
OVERLAYS = """
201 551
202 771
203 475
204 431 584
205 659
206 564
208 986
209 350
210 726
212 917 646 332
213 323 738
214 972 469 945
215 267 445
217 447
248 947
250 778 236 672 257
256 938
270 364
301 240 227
303 720 983
304 681
305 786 645
306 639 474
309 861
310 424
312 872
313 679
314 557
315 680
317 463
318 457
330 234
334 483
336 743
360 564
402 531
403 587 825 368
404 678 470 943
405 572
407 321 689
408 669
410 443 667
412 878
415 628
416 647 437 942
418 581 367 273
419 567
423 729
440 436
450 579 354
502 761
503 971
506 428
507 924
508 774
510 341
512 737
513 283
514 438 263
516 363
518 838
519 226 548 382
530 837
540 826
541 458
559 357
561 728
570 272
573 235
601 769
602 480 623
604 778 236 672 257
608 353
609 640
610 484 835
613 343 753
614 380
615 629
617 857
618 730
619 858
630 331
631 934
662 471
702 725
703 571
704 980
705 249 683
706 762
707 369
708 464
709 879
713 281 832 346 621
714 657
715 534
716 624
717 223
718 917 347 929 465
724 878
732 848
740 220
757 948
760 442
770 678 470 943
773 872
780 587 825 368
781 339
787 939
801 385
803 839
804 686
805 820
809 829 849
812 930
813 656
814 582
815 779
816 975
817 682
818 747
819 873 468
843 854
845 329
847 224
850 448
860 959
864 821
870 327
876 658
902 782
903 430
904 324
905 289 365 742
909 840
910 472
912 565
916 279
918 539
919 984
920 274
937 326
954 754
970 748
973 862
978 351
"""

MORE_ZONES = {
    # Lloydminster keeps the time of Alberta; Creighton and Denare Beach keep that of Manitoba.
    "306": ("America/Edmonton", "America/Winnipeg"),
    # The towns beside Columbus in Georgia (Phenix City, Lanett, Valley) keep Eastern time.
    "334": ("America/New_York",),
    # The north-west of Culberson County in Texas keeps Mountain time.
    "432": ("America/Denver",),
    "915": ("America/Chicago",),
    "931": ("America/New_York",),
}

_EXCHANGE_DIGITS = 7  # 1, the area code and the exchange


@cache
def _overlaid() -> dict[str, frozenset[str]]:
    """Return every code that overlays others, with those others."""
    overlaid: dict[str, frozenset[str]] = {}
    for line in OVERLAYS.split("\n"):
        codes = line.split()
        for place, code in enumerate(codes[1:], start=1):
            overlaid[code] = overlaid.get(code, frozenset()) | frozenset(codes[:place])
    return overlaid


def area_code_zones(digits: str) -> tuple[str, ...]:
    """Return the zones in which a North American number may be; none if its area code is unknown.

    The digits begin with the country's 1. A number with a known exchange is where that exchange is;
    any other may be anywhere in its area code, or in a code that this one overlays.
    """
    from phonenumbers.tzdata import TIMEZONE_DATA

    # If the library has fewer digits, it has merged exchanges, and unknown ones among them.
    of_exchange: tuple[str, ...] | None = TIMEZONE_DATA.get(digits[:_EXCHANGE_DIGITS])
    return of_exchange or _everywhere_in(digits[1:4])


@cache
def _everywhere_in(code: str) -> tuple[str, ...]:
    codes = (code, *sorted(_overlaid().get(code, ())))
    return tuple(sorted({zone for one in codes for zone in _zones_under(one)}))


def _zones_under(code: str) -> Iterator[str]:
    from phonenumbers.tzdata import TIMEZONE_DATA

    yield from MORE_ZONES.get(code, ())
    prefixes, prefix = _north_american_prefixes(), f"1{code}"
    for known in prefixes[bisect_left(prefixes, prefix) :]:
        if not known.startswith(prefix):
            break
        yield from TIMEZONE_DATA[known]


@cache
def _north_american_prefixes() -> tuple[str, ...]:
    from phonenumbers.tzdata import TIMEZONE_DATA

    return tuple(sorted(known for known in TIMEZONE_DATA if known.startswith("1")))
