"""Which given names are short for which: what people call Robert, Katharina and 建国 in daily life."""

from __future__ import annotations

from functools import cache

# The first name of a line is the long one; a name may stand on several lines (Alex).
_LINES = """
abigail abby abbie gail
abraham abe bram
adelaide addie ada
alan al allan allen alun
albert al bert bertie albie
alexander alex alec alek sandy sasha xander lex alexandre alejandro
alexandra alex alexa lexi sandra sasha sandy alix
alfred alf alfie fred freddie
alice ali elsie allie
alison ali allie allison
amanda mandy manda
amelia amy millie emmy
andrew andy drew andreas andre
angela angie
ann anne anna annie nan nancy hanna
anthony tony ant antonio anton
antonia toni tonia
archibald archie archy
arthur art artie
augustus gus august
barbara barb barbie babs bab
bartholomew bart
beatrice bea trixie beatrix
benjamin ben benny benji benjy
bernard bernie bernhard
bernadette bernie detta
bradley brad
bridget biddy bridie bridgette
caroline carrie carol carolyn caro lina
cassandra cass cassie sandra
catherine cath cathy kate katie kathy cat kitty catharine kathryn katherine kathleen katy kay kit karen trina
cecilia cissie celia cecily
charles charlie chuck chas charley carl karl
charlotte lottie charlie lotte char
christian chris kit
christina chris tina chrissy christine kirsty kristina christy
christopher chris kit topher kris
clara clare claire
clifford cliff
cornelius con neil
cynthia cindy
daniel dan danny dani
danielle dani ellie
david dave davy davey
deborah deb debbie debra debs
dennis den denny
derek del
diana di diane dinah
dominic dom nick
donald don donnie donny
dorothy dot dottie dolly dora dorothea
douglas doug dougie
edith edie
edmund ed eddie ned ted
edward ed eddie ned ted teddy ward eduard
edwin ed eddie ned
eleanor ellie nell nellie nora ella elle lena elinor
elizabeth liz lizzie beth betty bess eliza elsie libby lisa elisabeth bessie betsy liza lily ellie elspeth isabel lizzy
emily em emmy emma millie
eric rick ricky
ernest ernie ern
esther essie hester
eugene gene
evelyn eve evie lyn
felicity fliss flick
ferdinand ferdi
florence flo flossie florrie
frances fran fanny frankie francesca fannie
francis frank fran frankie franz francisco
franklin frank
frederick fred freddie freddy fritz friedrich rick frederic
gabriel gabe
gabrielle gabby gabi ella
geoffrey geoff jeff jeffrey
george georgie jorge georg
georgina georgie gina georgia
gerald gerry jerry gerard gerhard
gertrude gertie trudy
gilbert gil bert
gregory greg gregor
gwendolyn gwen
hannah hanna nan annie
harold harry hal
harriet hattie harry
harrison harry
helen nell nellie ellen elena helena lena
henry harry hank hal heinrich henri
herbert bert herb bertie
hubert bert hugh
hugh hughie huw hugo
ian iain
ignatius iggy
irene rene
isaac ike zac zak
isabella bella izzy isabel belle isabelle isobel
jacob jake jakob jack
jacqueline jackie jacqui
james jim jimmy jamie jem jimmie
janet jan jenny
jane janie jenny jean joan
jason jay
jennifer jen jenny jenna jennie
jeremy jerry jez jem
jessica jess jessie
joan joanie joanna jo
joanna jo joanne joan anna
johannes hans hannes jo john
john jack johnny jon johnnie jock ian
jonathan jon jonny nathan john johnny
joseph joe joey jo jose josef
josephine jo josie fina
joshua josh
judith judy jude judi
julia julie jules
julian jules
kathleen kath kathy kate kay
katharina kathi katja kathrin katrin
kenneth ken kenny
kimberly kim kimberley
laura laurie lori
lauren laurie loren
laurence larry laurie lawrence lorenz
leonard len lenny leo leon
leslie les lesley
lillian lil lily lilian
louis lou louie lewis ludwig
louise lou lulu luise
lucy lu lucinda luce lucille
lydia lyddie
madeline maddie maddy madeleine
malcolm mal
marcus marc mark
margaret maggie meg peggy marge margie madge daisy greta rita peg margot maisie molly margarethe
maria marie mary mia
marion mary
marilyn mary lyn
martha mattie patty
martin marty
mary molly polly may mae mamie
matilda tilly tilda mattie
matthew matt matty mat matthias
maureen mo
maurice morris mo
maximilian max
melanie mel
melissa mel missy lissa
michael mike mick mickey mikey mitch micky michel
michelle shelly chelle
mildred millie milly
millicent millie milly
miriam mimi mirry
mohammed mo muhammad mohamed mohammad mohamad muhammed
nancy nan
natalie nat tilly nattie
natasha tasha nat
nathan nat nate
nathaniel nat nate nathan
nicholas nick nicky nico nicolas klaus nikolaus
nicola nicky nikki nic nicole
norman norm
olivia liv livvy ollie
oliver ollie olly noll
oscar ossie
oswald oz ozzy ossie
pamela pam
patricia pat patsy tricia patty trish trisha
patrick pat paddy rick
paul pauli
paula polly paulina
penelope penny nell
percival percy
peter pete
philip phil pip phillip
philippa pippa pip
phoebe phebe
priscilla cilla prissy
rachel rach rae rachael
randolph randy
raymond ray
rebecca becky beck becca
reginald reg reggie
richard dick rick rich richie ricky rickie
robert bob rob bobby robbie bert bobbie robin rupert
roberta bobbie bobby
roderick rod roddy
rodney rod
roger rodge
roland rollo roly
ronald ron ronnie ronny
rosalind ros roz rose
rosemary rose rosie
russell russ rusty
ruth ruthie
samantha sam sammy
samuel sam sammy
sandra sandy
sarah sally sadie sara
sebastian seb bastian basti
sharon shaz
sheila shelagh
sidney sid sydney
simon si
sophia sophie sophy sofia
stanley stan
stephanie steph stephie stefanie
stephen steve steven stevie stefan
stewart stu stuart
susan sue susie suzy suzanne susanna susannah
sylvia syl silvia
terence terry terrance
teresa terry tess tessa theresa tracy resi
theodore ted theo teddy theodor
thomas tom tommy thom
timothy tim timmy
tobias toby tobi
ursula ulla uschi
valerie val
vanessa nessa
vera vee
veronica ronnie vera ronni
victor vic viktor
victoria vicky tori vic vicki
vincent vince vin vinny
violet vi
virginia ginny ginger
vivian viv vivien
walter walt wally wat
wendy wen
wilfred wilf fred
wilhelm willi willy
william bill will billy willie liam wim wills
winifred win winnie freda
yvonne vonnie
zachary zac zach zack zak
"""


MOST_LINES = 6
"""How many lines one name stands on, at most."""


def lines_of(name: str) -> tuple[int, ...]:
    """The lines a folded name stands on, as many numbers for each name; 0 for no line."""
    found = sorted(_lines().get(name, ()))[:MOST_LINES]
    return (*found, *[0] * (MOST_LINES - len(found)))


def called(name: str) -> str:
    """What friends make of a Chinese given name: 明 of 小明, 阿明, 明明 and 明. Nothing for any other name."""
    if not name or name.isascii():
        return ""
    if len(name) == 2 and (name[0] in _BEFORE or name[0] == name[1]):
        return name[1]
    return name if len(name) == 1 else ""


def long_form(name: str) -> str:
    """The long name of the first line that has it; the name itself where it is on none."""
    return _first().get(name) or called(name) or name


_BEFORE = "小阿老"


@cache
def _lines() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_LINES.split("\n"), start=1):
        for name in line.split():
            found.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


@cache
def _first() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _LINES.split("\n"):
        for name in line.split():
            found.setdefault(name, line.split()[0])
    return found
